#include "server/front/caller.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/str_format.h"

namespace pinhole::front {
namespace {

// gRPC writes the brackets of an IPv6 address as a URI must.
std::string WithoutEscapes(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == "%5B" || text.substr(i, 3) == "%5D") {
      out += text[i + 2] == 'B' ? '[' : ']';
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string Ipv6Network(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    return text.data();
  }
  in6_addr network = address;
  std::fill(&network.s6_addr[8], &network.s6_addr[16], uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &network, text.data(), text.size());
  return absl::StrFormat("%s/64", text.data());
}

}  // namespace

std::string CallerAddress(std::string_view peer) {
  std::string plain = WithoutEscapes(peer);
  const size_t port = plain.rfind(':');
  if (plain.starts_with("ipv4:") && port > 5) return plain.substr(5, port - 5);
  const size_t open = plain.find('[');
  const size_t close = plain.find_first_of("%]");
  if (plain.starts_with("ipv6:") && open != std::string::npos && close > open) {
    in6_addr address{};
    const std::string host = plain.substr(open + 1, close - open - 1);
    if (::inet_pton(AF_INET6, host.c_str(), &address) == 1) return Ipv6Network(address);
  }
  return plain;
}

}  // namespace pinhole::front
