// Whether bytes are well-formed UTF-8 (Unicode 15, table 3-7).
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pinhole::dataset {

// Refuses overlong forms, surrogates and code points beyond U+10FFFF.
inline bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (i + 8 <= text.size()) {  // most texts are ASCII: eight bytes at once
      uint64_t eight = 0;
      std::memcpy(&eight, text.data() + i, sizeof(eight));
      if ((eight & 0x8080808080808080U) == 0) {
        i += 8;
        continue;
      }
    }
    const auto at = [&](size_t k) -> unsigned {
      return k < text.size() ? static_cast<uint8_t>(text[k]) : 0U;
    };
    const unsigned lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    size_t more = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    if (at(i + 1) < low || at(i + 1) > high) return false;
    for (size_t k = 2; k <= more; ++k) {
      if (at(i + k) < 0x80 || at(i + k) > 0xBF) return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace pinhole::dataset
