#include "server/vault/plan.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/contest/validate.h"
#include "server/core/counting/acts.h"
#include "server/core/log/blinding.h"
#include "server/core/schedule/run_queue.h"
#include "server/vault/baseline.h"

namespace pinhole::vault {
namespace {

// The label's declared range, in the target table.
std::optional<contest::PublicRange> LabelRange(const contest::DataShape& shape) {
  const contest::Table* target = shape.Find(shape.target);
  if (target == nullptr) return std::nullopt;
  for (const contest::Column& column : target->columns) {
    if (column.name == shape.label) return column.range;
  }
  return std::nullopt;
}

void FindWarnings(Plan& plan) {
  const contest::Policy& policy = plan.policy;
  const double error = StandardError(plan);
  if (static_cast<double>(policy.scoring.scale.step) / 1e6 < error) {
    plan.warnings.push_back(absl::StrFormat(
        "score.step %s is finer than one standard error of the score (%.6g on %d rows): finer "
        "digits are noise and cost bits",
        FormatMillionths(policy.scoring.scale.step), error, plan.public_rows));
  }
  if (policy.deployment == contest::Deployment::kOneMachine) {
    plan.warnings.push_back(
        "one-machine: the bound holds for the ledger, not against somebody who times the server "
        "while boxes run");
  }
  if (policy.degraded != contest::Degraded()) {
    plan.warnings.push_back(absl::StrFormat(
        "degraded %s: boxes are held by less than they could be; POLICY says so to everybody",
        contest::Name(policy.degraded)));
  }
  if (policy.release.rule == contest::ReleaseRule::kEveryScore) {
    plan.warnings.push_back(
        "release.rule every-score: what leaves is counted and not capped by the data set's budget; "
        "by signing, the owner declares the data publishable");
  }
  if (plan.wanted > plan.capacity) {
    plan.warnings.push_back(absl::StrFormat(
        "%d tries are promised and %d runs fit before closing: late submissions will not run",
        plan.wanted, plan.capacity));
  }
}

void FindFailuresOfSettings(Plan& plan, const PlanInputs& inputs) {
  const contest::Policy& policy = plan.policy;
  if (inputs.overbooking == Overbooking::kRefused &&
      plan.wanted > kMostOverbooking * plan.capacity) {
    plan.failures.push_back(absl::StrFormat(
        "overbooked more than three times: %d tries (release.tries x release.teams), %d runs "
        "(rounds.lanes, rounds.duration, limits.wall); lengthen rounds.duration, add lanes, give "
        "fewer release.tries, or say --oversubscribe",
        plan.wanted, plan.capacity));
  }
  const counting::Bits outage =
      counting::StartCharge(policy) + counting::ShiftCharge(policy) + counting::StopCharge(policy);
  if (plan.worst.acts < outage) {
    plan.failures.push_back(absl::StrFormat(
        "release.acts_bits %s does not pay for one start, one shift and what is kept back for a "
        "stop, %s bits by rounds.max_shift %d and rounds.duration: the contest would stop at the "
        "first outage",
        plan.worst.acts.ToString(), outage.ToString(), policy.rounds.max_shift));
  }
  if (policy.deployment == contest::Deployment::kTwoMachine && !inputs.machine_locked) {
    plan.failures.push_back(
        "two-machine promises that nothing else runs beside private runs: name machine_lock in "
        "vault.toml (docs/OPERATIONS.md, One vault on a machine)");
  }
  const auto range = LabelRange(inputs.dataset.shape);
  if (range.has_value() &&
      (range->low < policy.scoring.range_low || range->high > policy.scoring.range_high)) {
    plan.failures.push_back(absl::StrFormat(
        "score.range %s to %s does not hold the data set's labels, declared from %s to %s",
        FormatMillionths(policy.scoring.range_low), FormatMillionths(policy.scoring.range_high),
        FormatMillionths(range->low), FormatMillionths(range->high)));
  }
  if (const auto entry = log::Encode(EntryOf(plan)); !entry.ok()) {
    plan.failures.push_back(absl::StrFormat(
        "the POLICY entry cannot hold the count of a team's results: fewer release.tries, or a "
        "larger score.step (%s)",
        entry.status().message()));
  }
}

void FindFailuresOfState(Plan& plan, const replay::LedgerState& state) {
  const contest::Policy& policy = plan.policy;
  const bool capped = policy.release.rule != contest::ReleaseRule::kEveryScore;
  if (capped && plan.reserve > plan.dataset_left) {
    plan.failures.push_back(absl::StrFormat(
        "the contest needs %s bits and the data set has %s left: fewer teams, tries or levels",
        plan.reserve.ToString(), plan.dataset_left.ToString()));
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

// What the contest file leaves to the data set and the vault.
absl::Status FillIn(const PlanInputs& inputs, contest::Policy& policy) {
  const log::DatasetEntry& dataset = inputs.dataset;
  // A file that states another class is refused by ValidateFor, which names both.
  policy.deployment = inputs.file.deployment.value_or(dataset.deployment);
  policy.degraded = inputs.degraded;
  policy.scoring.weights = inputs.file.weights.value_or(contest::WeightsOf(dataset.shape));
  policy.rounds.origin_ms = inputs.origin_ms;
  // Of more rounds than Validate allows it would take too long to find.
  if (policy.witnesses.asked()) {
    RETURN_IF_ERROR(contest::Validate(policy.witnesses, policy.rounds));
    policy.witnesses.blinding = log::BlindingAt(inputs.blinding_secret, policy.rounds.count, 0);
  }
  policy.rounds.settle_ms =
      contest::SettleMs(policy.scoring.format, dataset.public_rows + dataset.final_rows);
  if (inputs.file.worst == contest::ContestFile::Worst::kDeclared) return absl::OkStatus();
  return SetBaseline(policy, inputs.facts, inputs.label_records, dataset.public_rows);
}

}  // namespace

int64_t RestartsPaid(const Plan& plan) {
  const counting::Bits kept = counting::StopCharge(plan.policy);
  return std::max<int64_t>(0, (plan.worst.acts - kept).thousandths) /
         counting::StartCharge(plan.policy).thousandths;
}

double StandardError(const Plan& plan) {
  const contest::LevelScale& scale = plan.policy.scoring.scale;
  const auto n = static_cast<double>(std::max<int64_t>(1, plan.public_rows));
  const double worst = static_cast<double>(scale.worst) / 1e6;
  const auto binomial = [n](double one, double other) {
    const double low = std::clamp(std::min(one, other), 0.0, 1.0);
    const double high = std::clamp(std::max(one, other), 0.0, 1.0);
    const double share = std::clamp(0.5, low, high);
    return std::sqrt(share * (1 - share) / n);
  };
  const double best = static_cast<double>(scale.best) / 1e6;
  switch (plan.policy.scoring.metric) {
    case contest::Metric::kRmse:
      return worst / std::sqrt(2 * n);
    case contest::Metric::kMse:
      return worst * std::sqrt(2 / n);
    case contest::Metric::kMae:
      return worst * std::sqrt((std::acos(-1.0) / 2 - 1) / n);
    case contest::Metric::kAccuracy:
      return binomial(best, worst);
    case contest::Metric::kMatches:
    case contest::Metric::kMismatches:
      return n * binomial(best / n, worst / n);
  }
  return 0;
}

log::PolicyEntry EntryOf(const Plan& plan) {
  return {.policy = plan.policy,
          .team_count = plan.worst.team_count,
          .team = plan.worst.team,
          .shared_count = plan.worst.shared_count,
          .shared = plan.worst.shared,
          .final_board = plan.worst.final_board,
          .contest = plan.worst.contest};
}

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

absl::StatusOr<Plan> MakePlan(const PlanInputs& inputs) {
  const log::DatasetEntry& dataset = inputs.dataset;
  Plan plan;
  plan.policy = inputs.file.policy;
  RETURN_IF_ERROR(FillIn(inputs, plan.policy));
  RETURN_IF_ERROR(contest::Validate(plan.policy));
  RETURN_IF_ERROR(
      contest::ValidateFor(plan.policy, {.deployment = dataset.deployment,
                                         .public_rows = dataset.public_rows,
                                         .final_rows = dataset.final_rows,
                                         .weights = contest::WeightsOf(dataset.shape)}));
  plan.worst = counting::CountWorstCase(plan.policy);
  plan.reserve = plan.worst.contest + counting::Bits{plan.policy.baseline_thousandths};
  plan.dataset_budget = dataset.budget;
  // Before the first START the ledger does not have the DATASET entry yet; its declassified values
  // count all the same.
  plan.dataset_left = inputs.state.dataset().has_value() ? inputs.state.account().Left()
                                                         : dataset.budget - dataset.declassified;
  plan.public_rows = dataset.public_rows;
  plan.final_rows = dataset.final_rows;
  plan.persons_in_both = inputs.facts.persons_in_both;
  plan.capacity = schedule::Capacity(plan.policy);
  plan.wanted = int64_t{plan.policy.release.tries} * plan.policy.release.teams;
  FindWarnings(plan);
  FindFailuresOfState(plan, inputs.state);
  FindFailuresOfSettings(plan, inputs);
  return plan;
}

}  // namespace pinhole::vault
