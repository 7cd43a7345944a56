#include "server/core/base/text.h"

#include <array>
#include <charconv>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status NotA(const char* what, std::string_view text) {
  return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is not %s", text, what));
}

constexpr int64_t kMillionthsLimit = 9'000'000'000'000'000'000;

}  // namespace

absl::StatusOr<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (error != std::errc() || end != text.data() + text.size() || digits.empty() ||
      (digits.size() > 1 && digits[0] == '0') || text == "-0") {
    return NotA("an integer", text);
  }
  return value;
}

absl::StatusOr<int64_t> ParseIntegerIn(std::string_view text, int64_t low, int64_t high) {
  ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text));
  if (value < low || value > high) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d is not between %d and %d", value, low, high));
  }
  return value;
}

absl::StatusOr<int64_t> ParseMillionths(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view body = text.substr(negative ? 1 : 0);
  int64_t value = 0;
  int decimals = -1;
  bool any_digit = false;
  for (const char c : body) {
    if (c == '.' && decimals < 0 && any_digit) {
      decimals = 0;
      continue;
    }
    if (!IsDigit(c) || decimals == 6 || value > kMillionthsLimit / 10 - 1)
      return NotA("a number with at most six decimals", text);
    value = value * 10 + (c - '0');
    any_digit = true;
    if (decimals >= 0) ++decimals;
  }
  if (!any_digit || decimals == 0) return NotA("a number with at most six decimals", text);
  for (int i = decimals < 0 ? 0 : decimals; i < 6; ++i) {
    if (value > kMillionthsLimit / 10) return NotA("a number below 9,000,000,000,000", text);
    value *= 10;
  }
  return negative ? -value : value;
}

std::string FormatMillionths(int64_t value) {
  const int64_t magnitude = value < 0 ? -value : value;
  std::string out = absl::StrFormat("%s%d.%06d", value < 0 ? "-" : "", magnitude / 1'000'000,
                                    magnitude % 1'000'000);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

std::string FormatThousandths(int64_t value) {
  if (value < 0) return absl::StrFormat("%d.%03d", value / 1000, value % 1000);
  std::array<char, 24> text;
  char* end = std::to_chars(text.data(), text.data() + 20, value / 1000).ptr;
  const int64_t part = value % 1000;
  *end++ = '.';
  *end++ = static_cast<char>('0' + part / 100);
  *end++ = static_cast<char>('0' + part / 10 % 10);
  *end++ = static_cast<char>('0' + part % 10);
  return std::string(text.data(), end);
}

absl::StatusOr<int64_t> ParseThousandths(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos || text.size() - point != 4)
    return NotA("a number with three decimals", text);
  ASSIGN_OR_RETURN(const int64_t whole,
                   ParseIntegerIn(text.substr(0, point), 0, INT64_MAX / 1000 - 1));
  int64_t part = 0;
  for (const char c : text.substr(point + 1)) {
    if (!IsDigit(c)) return NotA("a number with three decimals", text);
    part = part * 10 + (c - '0');
  }
  return whole * 1000 + part;
}

bool IsId(std::string_view text) {
  if (text.empty() || text.size() > 39 || text[0] < 'a' || text[0] > 'z' || text.back() == '-')
    return false;
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && !IsDigit(c) && c != '-') return false;
  }
  return true;
}

}  // namespace pinhole
