// UTF-8, read strictly: the borders of each length, and what lies just outside.
#include "server/core/note/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinhole {
namespace {

TEST(TakeCharacter, ReadsTheBordersOfEachLength) {
  struct Case {
    std::string_view text;
    char32_t character;
  };
  for (const Case& c :
       {Case{std::string_view("\0", 1), 0}, Case{"\x7F", 0x7F}, Case{"\xC2\x80", 0x80},
        Case{"\xDF\xBF", 0x7FF}, Case{"\xE0\xA0\x80", 0x800}, Case{"\xED\x9F\xBF", 0xD7FF},
        Case{"\xEE\x80\x80", 0xE000}, Case{"\xEF\xBF\xBF", 0xFFFF},
        Case{"\xF0\x90\x80\x80", 0x10000}, Case{"\xF4\x8F\xBF\xBF", 0x10FFFF}}) {
    SCOPED_TRACE(static_cast<uint32_t>(c.character));
    const std::string followed = std::string(c.text) + "x";
    std::string_view rest = followed;
    EXPECT_EQ(TakeCharacter(rest), c.character);
    EXPECT_EQ(rest, "x");
    // A view that ends within the character, whatever the memory behind it holds.
    for (size_t size = 1; size < c.text.size(); ++size) {
      std::string_view cut = std::string_view(followed).substr(0, size);
      EXPECT_EQ(TakeCharacter(cut), std::nullopt) << size;
      EXPECT_EQ(cut.size(), size);
    }
  }
}

TEST(TakeCharacter, RefusesIllFormedBytes) {
  for (const char* bytes : {"\x80",
                            "\xBF",
                            "\xC0\x80",
                            "\xC1\xBF",
                            "\xC2\x7F",
                            "\xC2\xC0",
                            "\xE0\x80\x80",
                            "\xE0\x9F\xBF",
                            "\xE1\x80x",
                            "\xED\xA0\x80",
                            "\xED\xBF\xBF",
                            "\xF0\x80\x80\x80",
                            "\xF0\x8F\xBF\xBF",
                            "\xF1\x80\x80x",
                            "\xF4\x90\x80\x80",
                            "\xF5\x80\x80\x80",
                            "\xF8\x88\x80\x80\x80",
                            "\xF9\x80\x80\x80",
                            "\xFC\x90\x80\x80",
                            "\xFE",
                            "\xFF"}) {
    std::string_view text = bytes;
    const std::string_view before = text;
    EXPECT_EQ(TakeCharacter(text), std::nullopt) << testing::PrintToString(before);
    EXPECT_EQ(text, before);
  }
}

// All 25 characters with the property White_Space in Unicode 15.
TEST(IsUnicodeSpace, KnowsTwentyFiveCharacters) {
  int count = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) count += IsUnicodeSpace(c) ? 1 : 0;
  EXPECT_EQ(count, 25);
  for (const char32_t c :
       {U'\t', U'\n', U'\v', U'\f', U'\r', U' ', U'\u0085', U'\u00A0', U'\u1680', U'\u2000',
        U'\u200A', U'\u2028', U'\u2029', U'\u202F', U'\u205F', U'\u3000'}) {
    EXPECT_TRUE(IsUnicodeSpace(c)) << static_cast<uint32_t>(c);
  }
}

}  // namespace
}  // namespace pinhole
