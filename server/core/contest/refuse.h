// How a setting is refused. For the files of contest::Validate alone.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace pinhole::contest {

template <typename... Args>
absl::Status Refuse(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

// OK when low <= value <= high. `setting` is its key in the contest file, with the unit of `value`.
inline absl::Status CheckIn(const char* setting, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return Refuse("%s is %d; it must be between %d and %d", setting, value, low, high);
}

}  // namespace pinhole::contest
