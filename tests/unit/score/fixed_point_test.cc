// Text, f32 and f64 to millionths: tables of spellings and ties, and 128-bit arithmetic beside it.
#include "server/core/score/fixed_point.h"

#include <regex.h>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

namespace pinhole::score {
namespace {

struct Spelling {
  const char* name;
  std::string text;
  int64_t expected;
};

TEST(FixedPointOfText, ReadsEverySpellingOfTheGrammar) {
  const int64_t limit = kFixedPointLimit;
  const Spelling cases[] = {
      {"zero", "0", 0},
      {"minus_zero", "-0", 0},
      {"minus_zero_decimals", "-0.000", 0},
      {"plus", "+3", 3'000'000},
      {"minus", "-3", -3'000'000},
      {"leading_zeros", "007", 7'000'000},
      {"one_decimal", "1.5", 1'500'000},
      {"six_decimals", "3.141593", 3'141'593},
      {"seventh_below_half", "0.0000014", 1},
      {"seventh_above_half", "0.0000016", 2},
      {"tie_down_to_even", "0.0000025", 2},
      {"tie_up_to_even", "0.0000035", 4},
      {"negative_tie_down_to_even", "-0.0000025", -2},
      {"negative_tie_up_to_even", "-0.0000035", -4},
      {"tie_to_zero", "0.0000005", 0},
      {"tie_with_zeros_behind", "0.00000250000000000000000000000000000000", 2},
      {"tie_broken_by_the_last_character", "0.00000250000000000000000000000000000001", 3},
      {"just_below_a_tie", "0.00000249999999999999999999999999999999", 2},
      {"tie_carries_through_nines", "0.9999995", 1'000'000},
      {"nines_stay", "0.9999994", 999'999},
      {"exponent_plus", "1.5e+3", 1'500'000'000},
      {"exponent_minus", "15e-1", 1'500'000},
      {"exponent_without_sign", "15e2", 1'500'000'000},
      {"exponent_leading_zeros", "15e-0001", 1'500'000},
      {"exponent_makes_a_tie", "25e-7", 2},
      {"exponent_makes_an_odd_tie", "35e-7", 4},
      {"exponent_below_a_tenth_of_the_unit", "9e-8", 0},
      {"exponent_just_above_half", "5.1e-7", 1},
      {"exponent_undoes_the_point", "0.00000000000000000000000000000001e+32", 1'000'000},
      {"exponent_undoes_the_zeros", "100000000000000000000000000000000e-32", 1'000'000},
      {"zero_with_any_exponent", "0e+99999999999999999999999999999999999", 0},
      {"zero_with_any_small_exponent", "0.0e-99999999999999999999999999999999", 0},
      {"tiny", "9e-9999999999999999999999999999999999999", 0},
      {"forty_characters", "0.00000000000000000000000000000000000001", 0},
      {"forty_characters_of_zeros", "0000000000000000000000000000000000000001", 1'000'000},
      {"forty_nines", std::string(40, '9'), limit},
      {"minus_39_nines", "-" + std::string(39, '9'), -limit},
      {"at_the_limit", "2000000000", limit},
      {"one_below_the_limit", "1999999999.999999", limit - 1},
      {"rounds_to_the_limit", "1999999999.9999995", limit},
      {"beyond_the_limit", "2000000000.000001", limit},
      {"nine_times_the_limit", "9999999999.999999", limit},
      {"huge_exponent", "1e+99999999999999999999999999999999999", limit},
      {"exponent_past_64_bits", "1e+18446744073709551616", limit},
      {"small_exponent_past_64_bits", "1e-18446744073709551616", 0},
      {"minus_huge", "-1e300", -limit},
      {"end_of_the_widest_range", "1000000000", kFixedPointLimit / 2},
  };
  for (const Spelling& each : cases) {
    ASSERT_LE(each.text.size(), kMaxNumberLength) << each.name;
    const std::optional<int64_t> value = FixedPointOfText(each.text);
    ASSERT_TRUE(value.has_value()) << each.name << " " << each.text;
    EXPECT_EQ(*value, each.expected) << each.name << " " << each.text;
  }
}

TEST(FixedPointOfText, RefusesEveryOtherSpelling) {
  const std::string_view cases[] = {
      "",
      "+",
      "-",
      ".",
      ".5",
      "5.",
      "-.5",
      "+-1",
      "--1",
      "1-",
      "e5",
      "1e",
      "1e+",
      "1e-",
      "1e+-1",
      "1e1.5",
      "1.e5",
      "1E5",
      "1e5e5",
      "1.2.3",
      " 1",
      "1 ",
      "1\t",
      "1\n",
      "1\r",
      "1,5",
      "1 000",
      "1_000",
      "1'000",
      "0x10",
      "1f",
      "1d",
      "nan",
      "NaN",
      "-nan",
      "inf",
      "Infinity",
      "-inf",
      "1e5 ",
      "one",
      "\xef\xbb\xbf"
      "1",
      "\xe2\x88\x92"
      "1",
      "\xd9\xa1",
      "1;",
      "1/2",
      "$1",
      std::string_view("1\0", 2),
      std::string_view("\0", 1),
      "00000000000000000000000000000000000000001",  // 41 characters
      "1.000000000000000000000000000000000000000",
  };
  for (const std::string_view text : cases) {
    EXPECT_FALSE(FixedPointOfText(text).has_value()) << testing::PrintToString(std::string(text));
  }
}

TEST(FixedPointOfText, AcceptsWhatTheGrammarAccepts) {
  // POSIX: std::regex makes gcc 12 see uninitialised memory under sanitizers.
  regex_t grammar;
  ASSERT_EQ(
      ::regcomp(&grammar, "^[+-]?[0-9]+(\\.[0-9]+)?(e[+-]?[0-9]+)?$", REG_EXTENDED | REG_NOSUB), 0);
  const std::string_view alphabet = "0123456789..ee++-- ,E";
  std::mt19937_64 random(17);
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (size_t left = 1 + random() % 9; left > 0; --left) {
      text += alphabet[random() % alphabet.size()];
    }
    const bool expected = ::regexec(&grammar, text.c_str(), 0, nullptr, 0) == 0;
    accepted += expected ? 1 : 0;
    ASSERT_EQ(FixedPointOfText(text).has_value(), expected) << text;
  }
  ::regfree(&grammar);
  EXPECT_GT(accepted, 10'000);
}

__extension__ using Wide = unsigned __int128;

// digits * 10^exponent in millionths by division in 128 bits; needs |exponent| <= 18.
int64_t ByDivision(uint64_t digits, int exponent, bool negative) {
  Wide above = Wide{digits} * 1'000'000;
  Wide below = 1;
  for (int i = 0; i < exponent; ++i) above = above > (Wide{1} << 120) ? above : above * 10;
  for (int i = 0; i > exponent; --i) below *= 10;
  Wide whole = above / below;
  const Wide twice_rest = above % below * 2;
  if (twice_rest > below || (twice_rest == below && whole % 2 == 1)) ++whole;
  const Wide limit = static_cast<Wide>(kFixedPointLimit);
  const auto value = static_cast<int64_t>(whole > limit ? limit : whole);
  return negative ? -value : value;
}

TEST(FixedPointOfText, AgreesWithDivisionOfWholeNumbers) {
  std::mt19937_64 random(18);
  for (int i = 0; i < 300'000; ++i) {
    // Few digits often, and a 5 at the end, so that ties occur.
    uint64_t digits = random() >> (4 + random() % 60);
    if (random() % 2 == 0) digits = digits / 10 * 10 + 5;
    const int exponent = static_cast<int>(random() % 37) - 18;
    const bool negative = random() % 2 == 0;
    const int64_t expected = ByDivision(digits, exponent, negative);
    const std::string sign = negative ? "-" : "";
    const std::string with_exponent = absl::StrFormat("%s%de%d", sign, digits, exponent);
    ASSERT_EQ(FixedPointOfText(with_exponent), expected) << with_exponent;
    if (exponent > 0) continue;
    // The same with a point.
    const auto places = static_cast<size_t>(-exponent);
    std::string plain = absl::StrFormat("%d", digits);
    if (plain.size() <= places) plain.insert(0, places + 1 - plain.size(), '0');
    if (places > 0) plain.insert(plain.size() - places, ".");
    ASSERT_EQ(FixedPointOfText(sign + plain), expected) << sign + plain;
  }
}

TEST(FixedPointOfDouble, RoundsTheProductToNearestEven) {
  struct Case {
    const char* name;
    double value;
    int64_t expected;
  };
  const Case cases[] = {
      {"zero", 0.0, 0},
      {"minus_zero", -0.0, 0},
      {"one_and_a_half", 1.5, 1'500'000},
      {"product_rounds_to_a_tie", 2.5e-6, 2},
      {"a_quarter_goes_down", 0.0078125 / 2, 3906},          // 3906.25
      {"above_a_quarter_goes_down", 0.0009765625 / 2, 488},  // 488.28125
      {"exact_tie_down", 1.0 / 128 + 1.0 / 64, 23438},       // 23437.5 -> even 23438
      {"exact_tie_up", 1.0 / 128 * 5, 39062},                // 39062.5 -> even 39062
      {"negative_exact_tie", -1.0 / 128 * 5, -39062},
      {"smallest_denormal", std::numeric_limits<double>::denorm_min(), 0},
      {"largest", std::numeric_limits<double>::max(), kFixedPointLimit},
      {"lowest", std::numeric_limits<double>::lowest(), -kFixedPointLimit},
      {"limit", 2e9, kFixedPointLimit},
      {"below_the_limit", 1999999999.75, kFixedPointLimit - 250'000},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(FixedPointOfDouble(each.value), each.expected) << each.name;
  }
}

TEST(FixedPointOfDouble, AgreesWithTheLibrarysRounding) {
  std::mt19937_64 random(19);
  for (int i = 0; i < 1'000'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const double product = value * 1e6;
    const double limit = static_cast<double>(kFixedPointLimit);
    const double expected = std::nearbyint(std::fmin(std::fmax(product, -limit), limit));
    ASSERT_EQ(FixedPointOfDouble(value), static_cast<int64_t>(expected))
        << absl::StrFormat("%.17g", value);
  }
}

TEST(FixedPointOfDouble, RefusesNanAndInfinity) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double value :
       {infinity, -infinity, nan, -nan, std::numeric_limits<double>::signaling_NaN(),
        static_cast<double>(std::numeric_limits<float>::infinity())}) {
    EXPECT_FALSE(FixedPointOfDouble(value).has_value()) << value;
  }
}

// The exact decimal text of a value, or "" when it has more than 40 characters.
std::string ExactText(double value) {
  std::string text = absl::StrFormat("%.80f", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text.size() <= kMaxNumberLength ? text : "";
}

// CHANNEL.md 5.3, 9: the same value as text, f32-exact or f64-exact gives the same integer.
TEST(ExactScoring, SameValueSameIntegerInEveryFormat) {
  std::mt19937_64 random(20);
  int compared = 0;
  for (int i = 0; i < 200'000; ++i) {
    const float narrow = std::ldexp(static_cast<float>(static_cast<int32_t>(random()) >> 8),
                                    -static_cast<int>(random() % 34));
    const std::string text = ExactText(static_cast<double>(narrow));
    if (text.empty()) continue;
    ++compared;
    ASSERT_EQ(FixedPointOfText(text), FixedPointOfDouble(static_cast<double>(narrow))) << text;
  }
  for (int i = 0; i < 200'000; ++i) {
    const double wide = std::ldexp(static_cast<double>(static_cast<int64_t>(random()) >> 24),
                                   -static_cast<int>(random() % 38));
    const std::string text = ExactText(wide);
    if (text.empty()) continue;
    ++compared;
    ASSERT_EQ(FixedPointOfText(text), FixedPointOfDouble(wide)) << text;
  }
  EXPECT_GT(compared, 200'000);
  EXPECT_EQ(FixedPointOfText("1.5"), FixedPointOfDouble(static_cast<double>(1.5F)));
  EXPECT_EQ(FixedPointOfText("1.5"), FixedPointOfDouble(1.5));
}

// The border of the promise above: with a mantissa of more than 39 bits the double product can
// itself be rounded, here onto a tie that the exact decimal value misses by 2^-31 of a millionth.
TEST(ExactScoring, DoubleProductDecidesBeyond39Bits) {
  int differences = 0;
  for (int64_t low = 0; low < 32; ++low) {
    // m * 15625 = 2^30 + 1 modulo 2^31, so that m / 2^37 is just above a half of a millionth.
    const int64_t inverse = 1'757'569'337;
    ASSERT_EQ(inverse * 15'625 % (int64_t{1} << 31), 1);
    const int64_t residue =
        static_cast<int64_t>((Wide{1'073'741'825} * static_cast<Wide>(inverse)) % (Wide{1} << 31));
    const double value = std::ldexp(static_cast<double>(residue + ((512 + low) << 31)), -37);
    const std::string text = ExactText(value);
    ASSERT_FALSE(text.empty());
    const int64_t difference = *FixedPointOfText(text) - *FixedPointOfDouble(value);
    ASSERT_GE(difference, 0);
    ASSERT_LE(difference, 1);
    differences += difference == 0 ? 0 : 1;
  }
  EXPECT_GT(differences, 0);
}

}  // namespace
}  // namespace pinhole::score
