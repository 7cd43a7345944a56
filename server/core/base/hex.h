// Hex into and out of memory that is there already: for the fields of ledger entries, of which a
// replay reads hundreds of thousands. bytes.h has the usual forms.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/core/base/bytes.h"

namespace pinhole {

// Appends HexEncode(bytes) to `out`.
void AppendHex(ByteView bytes, std::string& out);

// As HexDecode, into exactly `out`, whose bytes mean nothing after an error. Errors:
// INVALID_ARGUMENT for another length, or anything but lower-case hex.
absl::Status HexDecodeTo(std::string_view text, std::span<uint8_t> out);

}  // namespace pinhole
