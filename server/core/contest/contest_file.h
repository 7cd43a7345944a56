// The organizer's contest file: TOML in, a policy out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/contest/policy.h"

namespace pinhole::contest {

// What the file says. `policy` lacks what the vault fills in: the origin of its rounds, the time to
// settle, the deployment class (the data set's), the degraded modes (the vault's), the weights, and
// while `worst` is kBaseline its worst level.
struct ContestFile {
  Policy policy;
  enum class Worst { kDeclared, kBaseline } worst = Worst::kDeclared;
  std::optional<Deployment> deployment;  // must be the data set's when given
  std::optional<RowWeights> weights;     // kColumn when not given and the data set has weights
};

// Strict: an unknown key is an error. docs/CONTEST_FILE.md lists every key with its unit, default
// and limits. Errors: INVALID_ARGUMENT with the line, the key and what it takes. Does not call
// Validate.
absl::StatusOr<ContestFile> ParseContestFile(std::string_view toml, std::string_view file_name);

// Every key there is, as "section.key", or "key" above all sections.
std::vector<std::string> ContestFileKeys();

// "250ms", "15s", "2m", "24h", "30d" -> milliseconds. Errors: INVALID_ARGUMENT.
absl::StatusOr<int64_t> ParseDurationMs(std::string_view text);
// "4096B", "64KiB", "512MiB", "2GiB" -> bytes. Errors: INVALID_ARGUMENT.
absl::StatusOr<int64_t> ParseSize(std::string_view text);

}  // namespace pinhole::contest
