// How much of a daily amount is used: a number and a moment, so that it can be kept over a restart.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pinhole::front {

// At `at_ms` (Unix milliseconds) `used_bytes` were used; they drain evenly, `per_day` in a day, so
// that a whole day without uploads leaves nothing.
struct DailyUse {
  int64_t used_bytes = 0;
  int64_t at_ms = 0;
  bool operator==(const DailyUse&) const = default;
};

inline constexpr int64_t kDayMs = int64_t{86'400} * 1000;

// The same at `now_ms`, rounded up to a whole byte. A clock that went back drains nothing, and the
// time from then on counts.
constexpr DailyUse At(const DailyUse& use, int64_t per_day, int64_t now_ms) {
  const int64_t passed_ms = std::clamp<int64_t>(now_ms - use.at_ms, 0, kDayMs);
  const auto drained = static_cast<int64_t>(static_cast<__int128>(per_day) * passed_ms / kDayMs);
  return {std::max<int64_t>(0, use.used_bytes - drained), now_ms};
}

// Milliseconds from `use.at_ms` until `bytes` (at most `per_day`) more are allowed; 0: now.
constexpr int64_t WaitMs(const DailyUse& use, int64_t per_day, int64_t bytes) {
  const int64_t over = use.used_bytes + bytes - per_day;
  if (over <= 0) return 0;
  return static_cast<int64_t>((static_cast<__int128>(over) * kDayMs + per_day - 1) / per_day);
}

}  // namespace pinhole::front
