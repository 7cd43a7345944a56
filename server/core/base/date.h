// Calendar dates as whole days: ISO 8601's YYYY-MM-DD and back, by the proleptic Gregorian
// calendar.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinhole {

// Days since 1970-01-01 of the first and last date there is: 0001-01-01 and 9999-12-31.
inline constexpr int32_t kFirstDay = -719'162;
inline constexpr int32_t kLastDay = 2'932'896;

// Exactly YYYY-MM-DD of a day that exists; nothing for any other text.
std::optional<int32_t> ParseDate(std::string_view text);

// `day` must lie within kFirstDay … kLastDay.
std::string FormatDate(int32_t day);

}  // namespace pinhole
