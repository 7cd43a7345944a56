#include "server/core/score/fixed_point.h"

#include <array>

namespace pinhole::score {
namespace {

constexpr int kDecimals = 6;
// Results have at most 16 digits (the limit is 2 * 10^15), so a longer one saturates unseen.
constexpr int64_t kMaxResultDigits = 16;
// An exponent beyond this can't bring 40 digits back into view, whichever its sign.
constexpr int64_t kExponentCap = 1000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A number taken apart: 0.d1 d2 d3 ... * 10^point, d1 not 0.
struct Decimal {
  std::array<uint8_t, kMaxNumberLength> digits;
  int64_t count = 0;  // 0 when the number is zero
  int64_t point = 0;
  bool negative = false;
};

std::optional<Decimal> TakeApart(std::string_view text) {
  if (text.empty() || text.size() > kMaxNumberLength) return std::nullopt;
  Decimal number;
  size_t at = 0;
  const auto more_digits = [&] { return at < text.size() && IsDigit(text[at]); };
  const auto keep = [&number](char c) {
    if (number.count == 0 && c == '0') return false;
    number.digits[static_cast<size_t>(number.count++)] = static_cast<uint8_t>(c - '0');
    return true;
  };

  if (text[at] == '+' || text[at] == '-') number.negative = text[at++] == '-';
  if (!more_digits()) return std::nullopt;
  for (; more_digits(); ++at) number.point += keep(text[at]) ? 1 : 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!more_digits()) return std::nullopt;
    for (; more_digits(); ++at) {
      if (!keep(text[at])) --number.point;
    }
  }
  if (at < text.size() && text[at] == 'e') {
    ++at;
    bool down = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) down = text[at++] == '-';
    if (!more_digits()) return std::nullopt;
    int64_t exponent = 0;
    for (; more_digits(); ++at) {
      if (exponent < kExponentCap) exponent = exponent * 10 + (text[at] - '0');
    }
    number.point += down ? -exponent : exponent;
  }
  if (at != text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<int64_t> FixedPointOfText(std::string_view text) {
  const std::optional<Decimal> number = TakeApart(text);
  if (!number.has_value()) return std::nullopt;
  if (number->count == 0) return 0;

  const int64_t whole_digits = number->point + kDecimals;
  if (whole_digits < 0) return 0;  // below a tenth of a millionth
  int64_t magnitude = kFixedPointLimit;
  if (whole_digits <= kMaxResultDigits) {
    magnitude = 0;
    for (int64_t i = 0; i < whole_digits; ++i) {
      magnitude = magnitude * 10 + (i < number->count ? number->digits[static_cast<size_t>(i)] : 0);
    }
    if (whole_digits < number->count) {
      const int next = number->digits[static_cast<size_t>(whole_digits)];
      bool beyond_tie = false;
      for (int64_t i = whole_digits + 1; i < number->count; ++i) {
        beyond_tie = beyond_tie || number->digits[static_cast<size_t>(i)] != 0;
      }
      const bool odd = magnitude % 2 != 0;
      if (next > 5 || (next == 5 && (beyond_tie || odd))) ++magnitude;
    }
    if (magnitude > kFixedPointLimit) magnitude = kFixedPointLimit;
  }
  return number->negative ? -magnitude : magnitude;
}

}  // namespace pinhole::score
