#include "server/core/base/date.h"

#include <array>

namespace pinhole {
namespace {

constexpr int kDaysIn400Years = 146'097;

constexpr bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr int DaysIn(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[static_cast<size_t>(month - 1)] + (month == 2 && IsLeap(year) ? 1 : 0);
}

// Days from 0001-01-01 to the first day of a year.
constexpr int DaysBefore(int year) {
  const int y = year - 1;
  return 365 * y + y / 4 - y / 100 + y / 400;
}

static_assert(DaysBefore(1970) == -kFirstDay);
static_assert(DaysBefore(10'000) + kFirstDay == kLastDay + 1);
static_assert(DaysBefore(401) == kDaysIn400Years);

void PutDigits(int value, size_t digits, char* at) {
  for (size_t i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<int32_t> ParseDate(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  if (text.size() != kForm.size()) return std::nullopt;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [text](size_t from, size_t digits) {
    int value = 0;
    for (const char c : text.substr(from, digits)) value = value * 10 + (c - '0');
    return value;
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysIn(year, month)) {
    return std::nullopt;
  }
  int days = DaysBefore(year) + day - 1;
  for (int m = 1; m < month; ++m) days += DaysIn(year, m);
  return days + kFirstDay;
}

std::string FormatDate(int32_t day) {
  int rest = day - kFirstDay;  // from 0001-01-01
  // The mean year is off by one at most.
  int year = static_cast<int>(int64_t{rest} * 400 / kDaysIn400Years) + 1;
  if (DaysBefore(year) > rest) --year;
  if (DaysBefore(year + 1) <= rest) ++year;
  rest -= DaysBefore(year);
  int month = 1;
  for (; rest >= DaysIn(year, month); ++month) rest -= DaysIn(year, month);
  std::string text = "0000-00-00";
  PutDigits(year, 4, text.data());
  PutDigits(month, 2, text.data() + 5);
  PutDigits(rest + 1, 2, text.data() + 8);
  return text;
}

}  // namespace pinhole
