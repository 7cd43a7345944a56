#include "server/core/note/utf8.h"

#include "server/core/base/bytes.h"

namespace pinhole {

std::optional<char32_t> TakeCharacter(std::string_view& text) {
  const ByteView bytes = AsBytes(text);
  const uint8_t first = bytes[0];
  size_t size = 1;
  char32_t smallest = 0;
  char32_t character = first;
  if (first >= 0xF0) {
    size = 4, smallest = 0x10000, character = first & 0x07u;
  } else if (first >= 0xE0) {
    size = 3, smallest = 0x800, character = first & 0x0Fu;
  } else if (first >= 0xC0) {
    size = 2, smallest = 0x80, character = first & 0x1Fu;
  } else if (first >= 0x80) {
    return std::nullopt;
  }
  if (first >= 0xF8 || bytes.size() < size) return std::nullopt;
  for (const uint8_t next : bytes.subspan(1, size - 1)) {
    if ((next & 0xC0) != 0x80) return std::nullopt;
    character = character << 6 | (next & 0x3Fu);
  }
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < smallest || character > 0x10FFFF || surrogate) return std::nullopt;
  text.remove_prefix(size);
  return character;
}

bool IsUnicodeSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

}  // namespace pinhole
