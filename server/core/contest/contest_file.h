// The organizer's contest file: TOML in, a policy out.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/contest/policy.h"

namespace pinhole::contest {

// What the file says. `policy` lacks the origin of its rounds and the deployment class (the data
// set's), and while `worst_is_baseline` its worst level: the vault fills them in.
struct ContestFile {
  Policy policy;
  enum class Worst { kDeclared, kBaseline } worst = Worst::kDeclared;
};

// Strict: an unknown key is an error. Errors: INVALID_ARGUMENT with the line, the key and what it
// takes. Does not call Validate.
//
//   contest = "demo"                  organizer = "<64 hex digits>"
//   [score]    metric, range = [low, high], best, worst (a number or "baseline"), step, predictions
//   = "text" | "f32" | "f64", weights = "equal" | "column" [release]  rule, tries, shown_scores,
//   shown_failures, min_gain, waiting, teams, final, acts_bits [rounds]   length, run_window,
//   duration (texts such as "15s", "2m", "24h", "30d"), lanes, max_shift [limits]   wall, cpu
//   (durations), memory, output, scratch, program (sizes such as "512MiB"), threads
absl::StatusOr<ContestFile> ParseContestFile(std::string_view toml, std::string_view file_name);

// "250ms", "15s", "2m", "24h", "30d" -> milliseconds. Errors: INVALID_ARGUMENT.
absl::StatusOr<int64_t> ParseDurationMs(std::string_view text);
// "4096B", "64KiB", "512MiB", "2GiB" -> bytes. Errors: INVALID_ARGUMENT.
absl::StatusOr<int64_t> ParseSize(std::string_view text);

}  // namespace pinhole::contest
