#include "server/core/base/hex.h"

#include <array>

namespace pinhole {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

// The value of each character as a hex digit times `unit`; kNone for all that are none.
constexpr uint16_t kNone = 0x8000;
constexpr std::array<uint16_t, 256> ValuesTimes(uint16_t unit) {
  std::array<uint16_t, 256> values{};
  values.fill(kNone);
  for (size_t i = 0; i < 16; ++i)
    values[static_cast<uint8_t>(kDigits[i])] = static_cast<uint16_t>(i * unit);
  return values;
}
constexpr std::array<uint16_t, 256> kHigh = ValuesTimes(16);
constexpr std::array<uint16_t, 256> kLow = ValuesTimes(1);

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
  unsigned seen = 0;  // with the bit of kNone once a character was no digit
  const char* digit = text.data();
  for (uint8_t& byte : out) {
    const unsigned both =
        unsigned{kHigh[static_cast<uint8_t>(digit[0])]} | kLow[static_cast<uint8_t>(digit[1])];
    digit += 2;
    seen |= both;
    byte = static_cast<uint8_t>(both);
  }
  return (seen & kNone) != 0 ? absl::InvalidArgumentError("not lower-case hex") : absl::OkStatus();
}

}  // namespace pinhole
