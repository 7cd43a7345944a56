#include "server/core/base/date.h"

#include <chrono>

#include "absl/strings/str_format.h"

namespace pinhole {

using std::chrono::sys_days;
using std::chrono::year_month_day;

static_assert(sys_days(std::chrono::year(1) / 1 / 1).time_since_epoch().count() == kFirstDay);
static_assert(sys_days(std::chrono::year(9999) / 12 / 31).time_since_epoch().count() == kLastDay);

std::optional<int32_t> ParseDate(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  if (text.size() != kForm.size()) return std::nullopt;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [text](size_t from, size_t digits) {
    unsigned value = 0;
    for (const char c : text.substr(from, digits))
      value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
  };
  const year_month_day date(std::chrono::year(static_cast<int>(number(0, 4))),
                            std::chrono::month(number(5, 2)), std::chrono::day(number(8, 2)));
  if (!date.ok() || date.year() < std::chrono::year(1)) return std::nullopt;
  return sys_days(date).time_since_epoch().count();
}

std::string FormatDate(int32_t day) {
  const year_month_day date{sys_days(std::chrono::days(day))};
  return absl::StrFormat("%04d-%02d-%02d", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace pinhole
