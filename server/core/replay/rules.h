// How the fold says no. Private to its files.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace pinhole::replay {

inline absl::Status Breaks(std::string_view rule) {
  return absl::FailedPreconditionError(absl::StrFormat("the ledger's rules: %s", rule));
}

template <typename T>
absl::Status MustEqual(const T& found, const T& expected, std::string_view rule) {
  return found == expected ? absl::OkStatus() : Breaks(rule);
}

}  // namespace pinhole::replay
