#include "server/vault/plan.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/schedule/run_queue.h"
#include "server/core/score/leveller.h"
#include "server/core/score/metrics.h"
#include "server/core/score/sheet.h"

namespace pinhole::vault {
namespace {

// The baseline's level on the public rows, rounded up to the step, so that the baseline itself is
// the coarsest level shown. Nothing finer is read: the leveller, on a scale that goes on to the end
// of the range, is the only reader of the score.
absl::Status SetBaseline(contest::Policy& policy, int64_t baseline_prediction,
                         const std::string& label_records) {
  if (policy.scoring.metric == contest::Metric::kMatches) {
    return absl::InvalidArgumentError(
        "score.worst \"baseline\" needs rmse or mae; give a number of matches instead");
  }
  const int64_t step = policy.scoring.scale.step;
  const int64_t span =
      policy.scoring.range_high - policy.scoring.range_low - policy.scoring.scale.best;
  if (step <= 0 || span <= 0 || span / step >= contest::kMaxLevels) {
    return absl::InvalidArgumentError(
        "score.step is too fine, or score.best is outside score.range, to find the baseline");
  }
  contest::LevelScale& scale = policy.scoring.scale;
  scale.worst = scale.best + (span / step + 1) * step;
  score::SplitSums sums(policy.scoring);
  const std::span<const uint8_t> records = AsBytes(label_records);
  const std::vector<int64_t> predictions(records.size() / score::kSheetRecordSize,
                                         baseline_prediction);
  if (!sums.Add(predictions, records)) {
    return absl::InvalidArgumentError("a label of the data set lies outside score.range: widen it");
  }
  const int level = score::LevelOf(sums.Scores().public_score, scale).index();
  if (level >= scale.level_count())
    return absl::InvalidArgumentError("score.range does not hold the baseline's error");
  if (level == 0)
    return absl::InvalidArgumentError("score.best is no better than the baseline: lower it");
  // The owner declassifies which of the steps it is.
  counting::BigCount choices(static_cast<uint64_t>(scale.level_count()));
  policy.baseline_thousandths = choices.CeilLog2().thousandths;
  scale.worst = scale.ValueOf(level);
  return absl::OkStatus();
}

void FindWarnings(Plan& plan) {
  const contest::Policy& policy = plan.policy;
  if (policy.scoring.metric == contest::Metric::kRmse) {
    // Standard error of an RMSE, about RMSE/sqrt(2n) (CHANNEL.md section 1.4).
    const double error = static_cast<double>(policy.scoring.scale.worst) /
                         std::sqrt(2.0 * static_cast<double>(plan.public_rows));
    if (static_cast<double>(policy.scoring.scale.step) < error) {
      plan.warnings.push_back(absl::StrFormat(
          "score.step %s is finer than one standard error of the score (%.4f on %d rows): finer "
          "digits are noise and cost bits",
          FormatMillionths(policy.scoring.scale.step), error / 1e6, plan.public_rows));
    }
  }
  if (policy.deployment == contest::Deployment::kOneMachine) {
    plan.warnings.push_back(
        "one-machine: the bound holds for the ledger, not against somebody who times the server "
        "while boxes run");
  }
  if (plan.wanted > plan.capacity) {
    plan.warnings.push_back(absl::StrFormat(
        "%d tries are promised and %d runs fit before closing: late submissions will not run",
        plan.wanted, plan.capacity));
  }
}

void FindFailures(Plan& plan, const replay::LedgerState& state) {
  const contest::Policy& policy = plan.policy;
  const bool capped = policy.release.rule != contest::ReleaseRule::kEveryScore;
  if (capped && plan.reserve > plan.dataset_left) {
    plan.failures.push_back(absl::StrFormat(
        "the contest needs %s bits and the data set has %s left: fewer teams, tries or levels",
        plan.reserve.ToString(), plan.dataset_left.ToString()));
  }
  if (plan.wanted > 3 * plan.capacity) {
    plan.failures.push_back(absl::StrFormat(
        "overbooked more than three times: %d tries, %d runs; lengthen rounds.duration, add lanes "
        "or give fewer release.tries",
        plan.wanted, plan.capacity));
  }
  if (state.Open() != nullptr) {
    plan.failures.push_back(
        absl::StrFormat("contest %s is open: one at a time", state.Open()->policy.policy.contest));
  }
  if (state.Find(policy.contest) != nullptr) {
    plan.failures.push_back(
        absl::StrFormat("there was a contest %s: a name serves once", policy.contest));
  }
}

}  // namespace

double OverfitFactor(const Plan& plan) {
  const double bits = static_cast<double>(plan.reserve.thousandths) / 1000;
  return std::exp2(-(bits - 1 - std::log2(kOverfitDelta)) /
                   static_cast<double>(std::max<int64_t>(1, plan.public_rows - 1)));
}

double OverfitEpsilon(const Plan& plan) {
  const double bits = static_cast<double>(plan.reserve.thousandths) / 1000;
  return std::sqrt((bits * std::log(2.0) + std::log(2 / kOverfitDelta)) /
                   (2 * static_cast<double>(plan.public_rows)));
}

absl::StatusOr<Plan> MakePlan(const contest::ContestFile& file, const log::DatasetEntry& dataset,
                              const replay::LedgerState& state, const ImportFacts& facts,
                              const std::string& label_records, int64_t origin_ms) {
  Plan plan;
  plan.policy = file.policy;
  plan.policy.deployment = dataset.deployment;
  plan.policy.rounds.origin_ms = origin_ms;
  if (file.worst == contest::ContestFile::Worst::kBaseline) {
    RETURN_IF_ERROR(SetBaseline(plan.policy, facts.baseline_prediction, label_records));
  }
  RETURN_IF_ERROR(contest::Validate(plan.policy));
  plan.worst = counting::CountWorstCase(plan.policy);
  plan.reserve = plan.worst.contest + counting::Bits{plan.policy.baseline_thousandths};
  plan.dataset_budget = dataset.budget;
  // Before the first START the ledger does not have the DATASET entry yet; its declassified values
  // count all the same.
  plan.dataset_left =
      state.dataset().has_value() ? state.account().Left() : dataset.budget - dataset.declassified;
  plan.public_rows = dataset.public_rows;
  plan.persons_in_both = facts.persons_in_both;
  plan.capacity = schedule::Capacity(plan.policy);
  plan.wanted = int64_t{plan.policy.release.tries} * plan.policy.release.teams;
  FindWarnings(plan);
  FindFailures(plan, state);
  return plan;
}

}  // namespace pinhole::vault
