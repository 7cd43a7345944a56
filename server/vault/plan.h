// `contest plan`: a contest file and a data set in; the complete policy, its worst case, and what
// speaks against it out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/contest/contest_file.h"
#include "server/core/counting/transcripts.h"
#include "server/core/log/entries.h"
#include "server/core/replay/ledger_state.h"
#include "server/vault/import_facts.h"

namespace pinhole::vault {

struct Plan {
  contest::Policy policy;
  counting::WorstCase worst;
  counting::Bits reserve;  // worst case and, if taken from the data, the baseline
  counting::Bits dataset_budget;
  counting::Bits dataset_left;  // before this contest
  int64_t public_rows = 0;
  int64_t capacity = 0;                    // runs before closing
  int64_t wanted = 0;                      // tries of all teams
  std::optional<int64_t> persons_in_both;  // as ImportFacts says
  std::vector<std::string> warnings;
  std::vector<std::string> failures;  // conditions under which `open` refuses
};

// The baseline prediction of `facts` and the label records serve `worst = "baseline"` alone.
// Errors: what contest::Validate says.
absl::StatusOr<Plan> MakePlan(const contest::ContestFile& file, const log::DatasetEntry& dataset,
                              const replay::LedgerState& state, const ImportFacts& facts,
                              const std::string& label_records, int64_t origin_ms);

// How far everybody together can push the public score beyond what it is worth, with probability 1
// - kOverfitDelta, from the bits of the contest alone (CHANNEL.md section 1.6). Bound B, the factor
// by which an RMSE can fall below the best possible predictor's, needs that no person is in both
// training and scored rows; bound A, for a loss scaled to [0, 1], needs nothing.
inline constexpr double kOverfitDelta = 0.05;
double OverfitFactor(const Plan& plan);   // bound B
double OverfitEpsilon(const Plan& plan);  // bound A

// For people, and for programs (JSON, one object).
std::string PlanText(const Plan& plan);
std::string PlanJson(const Plan& plan);

}  // namespace pinhole::vault
