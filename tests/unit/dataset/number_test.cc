// Which spellings are numbers, and which types they fit.
#include "server/dataset/number.h"

#include <gtest/gtest.h>

namespace pinhole::dataset {
namespace {

using contest::ColumnType;

TEST(SpellingOf, Table) {
  const struct {
    const char* text;
    Spelling spelling;
  } cases[] = {
      {"0", Spelling::kInteger},
      {"-0", Spelling::kInteger},
      {"42", Spelling::kInteger},
      {"-42", Spelling::kInteger},
      {"9223372036854775807", Spelling::kInteger},
      {"9223372036854775808", Spelling::kText},
      {"02138", Spelling::kText},
      {"-01", Spelling::kText},
      {"00.5", Spelling::kText},
      {"+1", Spelling::kText},
      {"1.5", Spelling::kReal},
      {"4.0", Spelling::kReal},
      {"0.5", Spelling::kReal},
      {"1e3", Spelling::kReal},
      {"1.", Spelling::kReal},
      {".5", Spelling::kReal},
      {"-.5", Spelling::kReal},
      {".", Spelling::kText},
      {".e5", Spelling::kText},
      {"..5", Spelling::kText},
      {"1e999", Spelling::kText},
      {"nan", Spelling::kText},
      {"inf", Spelling::kText},
      {"0x10", Spelling::kText},
      {"1,5", Spelling::kText},
      {" 1", Spelling::kText},
      {"1 ", Spelling::kText},
      {"-", Spelling::kText},
      {"", Spelling::kText},
      {"1-2", Spelling::kText},
  };
  for (const auto& c : cases) EXPECT_EQ(SpellingOf(c.text), c.spelling) << c.text;
}

TEST(ParseIntegerAs, KnowsTheEndsOfEachType) {
  const struct {
    ColumnType type;
    const char* low;
    const char* high;
    const char* below;
    const char* above;
  } cases[] = {
      {ColumnType::kI8, "-128", "127", "-129", "128"},
      {ColumnType::kI16, "-32768", "32767", "-32769", "32768"},
      {ColumnType::kI32, "-2147483648", "2147483647", "-2147483649", "2147483648"},
      {ColumnType::kI64, "-9223372036854775808", "9223372036854775807", "-9223372036854775809",
       "9223372036854775808"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(ParseIntegerAs(c.type, c.low).has_value()) << c.low;
    EXPECT_TRUE(ParseIntegerAs(c.type, c.high).has_value()) << c.high;
    EXPECT_FALSE(ParseIntegerAs(c.type, c.below).has_value()) << c.below;
    EXPECT_FALSE(ParseIntegerAs(c.type, c.above).has_value()) << c.above;
  }
  EXPECT_EQ(ParseIntegerAs(ColumnType::kI32, "007"), 7);
  EXPECT_FALSE(ParseIntegerAs(ColumnType::kI32, "7.0").has_value());
}

TEST(ParseReal, TakesFiniteDecimalsOnly) {
  EXPECT_EQ(ParseReal("-2.5e-3"), -2.5e-3);
  for (const char* text : {"", "nan", "inf", "-infinity", "1e999", "0x1p3", "1.5 ", "+1"}) {
    EXPECT_FALSE(ParseReal(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace pinhole::dataset
