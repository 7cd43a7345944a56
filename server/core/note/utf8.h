// Strict reading of UTF-8, one character at a time, for the texts that signatures cover.
#pragma once

#include <optional>
#include <string_view>

namespace pinhole {

// Takes one character off the front of `text`, which must not be empty. None, and `text` unchanged,
// when it does not begin with well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::optional<char32_t> TakeCharacter(std::string_view& text);

// The White_Space property of Unicode 15 (PropList.txt).
bool IsUnicodeSpace(char32_t c);

}  // namespace pinhole
