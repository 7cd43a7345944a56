#include "server/core/base/hex.h"

#include <array>

namespace pinhole {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

// The value of each character as a hex digit, -1 for all that are none.
constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < 16; ++i) {
    values[static_cast<uint8_t>(kDigits[i])] = static_cast<int8_t>(i);
  }
  return values;
}();

}  // namespace

void AppendHex(ByteView bytes, std::string& out) {
  const size_t begin = out.size();
  out.resize(begin + bytes.size() * 2);
  char* digit = out.data() + begin;
  for (const uint8_t byte : bytes) {
    *digit++ = kDigits[byte >> 4];
    *digit++ = kDigits[byte & 15];
  }
}

absl::Status HexDecodeTo(std::string_view text, std::span<uint8_t> out) {
  if (text.size() != out.size() * 2) {
    return absl::InvalidArgumentError("hex text has the wrong length");
  }
  int seen = 0;  // negative once a character was no digit
  for (size_t i = 0; i < out.size(); ++i) {
    const int8_t high = kValues[static_cast<uint8_t>(text[2 * i])];
    const int8_t low = kValues[static_cast<uint8_t>(text[2 * i + 1])];
    seen |= high | low;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return seen < 0 ? absl::InvalidArgumentError("not lower-case hex") : absl::OkStatus();
}

}  // namespace pinhole
