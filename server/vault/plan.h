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
#include "server/core/counting/worst_case.h"
#include "server/core/log/entries.h"
#include "server/core/replay/ledger_state.h"
#include "server/vault/import_facts.h"

namespace pinhole::vault {

// Whether a contest may promise more than kMostOverbooking times the tries that can run.
enum class Overbooking { kRefused, kAllowed };
inline constexpr int64_t kMostOverbooking = 3;

// What a plan is made from, borrowed.
struct PlanInputs {
  const contest::ContestFile& file;
  const log::DatasetEntry& dataset;
  const replay::LedgerState& state;
  // The baseline predictions and the label records serve `worst = "baseline"` alone.
  const ImportFacts& facts;
  const std::string& label_records;
  contest::Degraded degraded;   // the vault's
  bool machine_locked = false;  // its configuration names a machine_lock
  Digest blinding_secret{};     // Ledger::BlindingSecret of the contest
  Overbooking overbooking = Overbooking::kRefused;
  int64_t origin_ms = 0;
};

struct Plan {
  contest::Policy policy;
  counting::WorstCase worst;
  counting::Bits reserve;  // worst case and, if taken from the data, the baseline
  counting::Bits dataset_budget;
  counting::Bits dataset_left;  // before this contest
  int64_t public_rows = 0;
  int64_t final_rows = 0;
  int64_t capacity = 0;                    // runs before closing
  int64_t wanted = 0;                      // tries of all teams
  std::optional<int64_t> persons_in_both;  // as ImportFacts says
  std::vector<std::string> warnings;
  std::vector<std::string> failures;  // conditions under which `open` refuses
};

// Errors: what contest::Validate, contest::ValidateFor and SetBaseline say.
absl::StatusOr<Plan> MakePlan(const PlanInputs& inputs);

// The POLICY entry that opening makes, not signed yet.
log::PolicyEntry EntryOf(const Plan& plan);

// Restarts of the vault that the bits for acts pay for when nothing else uses them.
int64_t RestartsPaid(const Plan& plan);

// One standard error of the public score, in the metric's unit, at the end of the scale where it is
// largest. For n rows of equal weight, and errors as from a normal distribution:
//   rmse RMSE/sqrt(2n)   mse MSE sqrt(2/n)   mae MAE sqrt((pi/2 - 1)/n)
//   accuracy sqrt(p(1-p)/n); matches and mismatches n times that (binomial)
double StandardError(const Plan& plan);

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
