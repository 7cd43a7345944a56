// Who calls, as far as limits go: the address of a peer.
#pragma once

#include <string>
#include <string_view>

namespace pinhole::front {

// `peer` is gRPC's text, such as "ipv4:192.0.2.1:50123" or "ipv6:%5B2001:db8::1%5D:50123". The
// result is what limits count by: an IPv4 address (also one mapped into IPv6), the first 64 bits of
// an IPv6 address, which one host can change the rest of at will, or, for anything else, the text
// itself.
std::string CallerAddress(std::string_view peer);

}  // namespace pinhole::front
