// How a plan is printed, for people and for programs: each number of the one stands in the other.
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"
#include "server/core/counting/statement.h"
#include "server/vault/plan.h"

namespace pinhole::vault {
namespace {

using counting::Bits;
using Json = nlohmann::ordered_json;

std::string Row(std::string_view name, std::string_view value) {
  return absl::StrFormat("  %-22s %s\n", name, value);
}

std::string Seconds(int64_t ms) { return absl::StrFormat("%g s", static_cast<double>(ms) / 1000); }

std::string Amount(Bits bits) {
  return absl::StrFormat("%s bits = %d bytes", bits.ToString(), bits.CeilBytes());
}

std::string Short(double value) { return absl::StrFormat("%.4g", value); }

std::string Text(std::string_view text) { return std::string(text); }

Bits Baseline(const Plan& plan) { return {plan.policy.baseline_thousandths}; }
// Nothing is capped under every-score, so this may be below 0.
Bits LeftAfter(const Plan& plan) { return plan.dataset_left - plan.reserve; }

bool SquaredError(contest::Metric metric) {
  return metric == contest::Metric::kRmse || metric == contest::Metric::kMse;
}
// Bound B is about squared errors, and needs that no person is on both sides.
bool BoundBHolds(const Plan& plan) {
  return SquaredError(plan.policy.scoring.metric) && plan.persons_in_both == 0;
}
std::string BoundBFactor(const Plan& plan) {
  const double factor = OverfitFactor(plan);
  return Short(plan.policy.scoring.metric == contest::Metric::kMse ? factor * factor : factor);
}

std::string BoundBText(const Plan& plan) {
  if (BoundBHolds(plan)) {
    return absl::StrFormat(
        "board %s at least %s of the best possible predictor's, if all collude (95 %% sure)",
        contest::Name(plan.policy.scoring.metric), BoundBFactor(plan));
  }
  if (!SquaredError(plan.policy.scoring.metric)) return "is about rmse and mse alone";
  return plan.persons_in_both.has_value()
             ? "does not hold: persons are in both training and scored rows"
             : "holds only if no person is in both";
}

std::string PersonsText(const Plan& plan) {
  if (!plan.persons_in_both.has_value()) {
    return "no person column was named: whether persons are in both training and scored rows is "
           "not "
           "known";
  }
  return absl::StrFormat("%d persons are in both training and scored rows", *plan.persons_in_both);
}

std::string RuleText(const contest::Release& release) {
  std::string text =
      absl::StrFormat("%s: %d tries a team", contest::Name(release.rule), release.tries);
  if (release.tries_per_day > 0)
    text += absl::StrFormat(", %d in any 24 h of rounds", release.tries_per_day);
  text += absl::StrFormat(", %d waiting; ", release.waiting);
  if (release.rule == contest::ReleaseRule::kEveryScore) {
    text += "all scores are shown, FAILED means failed or worse than worst";
  } else {
    text += absl::StrFormat("%d shown scores%s, each %d level(s) better, %d shown failures",
                            release.shown_scores,
                            release.rule == contest::ReleaseRule::kRecords ? " of all teams" : "",
                            release.min_gain, release.shown_failures);
  }
  return text + absl::StrFormat("; %d teams at most; of the final set: %s", release.teams,
                                contest::Name(release.final_rule));
}

std::string WitnessesText(const contest::Witnesses& witnesses) {
  if (!witnesses.asked()) return "none: nobody has to see a head before its entries leave";
  std::string names;
  for (const WitnessVerifier& one : witnesses.verifiers)
    names += (names.empty() ? "" : ", ") + one.name();
  return absl::StrFormat("%d of %d cosign each head before its entries leave: %s", witnesses.quorum,
                         witnesses.verifiers.size(), names);
}

std::string CapacityText(const Plan& plan) {
  const contest::Policy& p = plan.policy;
  return absl::StrFormat(
      "%d lane(s) x floor(%s / (%s + %s to settle)) x %d rounds = %d runs before closing; %d tries "
      "are promised",
      p.rounds.lanes, Seconds(p.rounds.run_window_ms), Seconds(p.limits.wall_ms),
      Seconds(p.rounds.settle_ms), p.rounds.count - 1, plan.capacity, plan.wanted);
}

std::string SettingsText(const Plan& plan) {
  const contest::Policy& p = plan.policy;
  const contest::LevelScale& scale = p.scoring.scale;
  std::string out = Row(
      "deployment",
      absl::StrFormat("%s, degraded: %s", contest::Name(p.deployment), contest::Name(p.degraded)));
  out += Row("rule", RuleText(p.release));
  out += Row(
      "score",
      absl::StrFormat("%s, %s is better; predictions %s, clipped to %s to %s; weights %s",
                      contest::Name(p.scoring.metric),
                      contest::HigherIsBetter(p.scoring.metric) ? "higher" : "lower",
                      contest::Name(p.scoring.format), FormatMillionths(p.scoring.range_low),
                      FormatMillionths(p.scoring.range_high), contest::Name(p.scoring.weights)));
  out += Row("levels", absl::StrFormat("%d: best %s to worst %s by %s", scale.level_count(),
                                       FormatMillionths(scale.best), FormatMillionths(scale.worst),
                                       FormatMillionths(scale.step)));
  out += Row("standard error",
             absl::StrFormat("%s of the score on %d public rows; %d final rows",
                             Short(StandardError(plan)), plan.public_rows, plan.final_rows));
  out +=
      Row("rounds", absl::StrFormat("%d of %s, run window %s", p.rounds.count,
                                    Seconds(p.rounds.length_ms), Seconds(p.rounds.run_window_ms)));
  out += Row("capacity", CapacityText(plan));
  out += Row("witnesses", WitnessesText(p.witnesses));
  return out;
}

std::string BudgetText(const Plan& plan) {
  std::string out = "What can leave, at the most\n";
  out += Row("a team", absl::StrFormat("%s, log2 of %s (hex) sequences of results",
                                       Amount(plan.worst.team), plan.worst.team_count.ToHex()));
  out += Row("all teams", Amount(plan.worst.all_teams));
  if (plan.policy.release.rule == contest::ReleaseRule::kRecords) {
    out += Row("records of all teams",
               absl::StrFormat("%s, log2 of %s (hex) ways to place them", Amount(plan.worst.shared),
                               plan.worst.shared_count.ToHex()));
  }
  out += Row("final board", Amount(plan.worst.final_board));
  out += Row("acts, shifts, starts",
             absl::StrFormat("%s: %d restarts of the vault, or fewer and other acts",
                             Amount(plan.worst.acts), RestartsPaid(plan)));
  out += Row("baseline, declassified", Amount(Baseline(plan)));
  out += Row("the contest", Amount(plan.reserve));
  out += Row("the data set", Amount(plan.dataset_budget) + " for its lifetime");
  out += Row("  left before", Amount(plan.dataset_left));
  out += Row("  left after", LeftAfter(plan).ToString() + " bits");
  out += Row("as copies of rows",
             absl::StrFormat("as much as %d rows copied, of %d declared bits each",
                             counting::RowsCopied(plan.reserve, plan.policy.bits_per_row),
                             plan.policy.bits_per_row));
  out += Row("overfitting, bound A",
             absl::StrFormat("a loss scaled to 0…1 is off by at most %s (95 %% sure)",
                             Short(OverfitEpsilon(plan))));
  out += Row("overfitting, bound B", BoundBText(plan));
  out += Row("persons", PersonsText(plan));
  return out;
}

Json SettingsJson(const Plan& plan) {
  const contest::Policy& p = plan.policy;
  return {{"deployment", Text(contest::Name(p.deployment))},
          {"degraded", contest::Name(p.degraded)},
          {"rule", Text(contest::Name(p.release.rule))},
          {"tries_per_team", p.release.tries},
          {"tries_per_day", p.release.tries_per_day},
          {"waiting", p.release.waiting},
          {"shown_scores", p.release.shown_scores},
          {"shown_failures", p.release.shown_failures},
          {"min_gain", p.release.min_gain},
          {"teams", p.release.teams},
          {"final", Text(contest::Name(p.release.final_rule))},
          {"metric", Text(contest::Name(p.scoring.metric))},
          {"predictions", Text(contest::Name(p.scoring.format))},
          {"range_low", FormatMillionths(p.scoring.range_low)},
          {"range_high", FormatMillionths(p.scoring.range_high)},
          {"weights", Text(contest::Name(p.scoring.weights))},
          {"levels", p.scoring.scale.level_count()},
          {"best", FormatMillionths(p.scoring.scale.best)},
          {"worst", FormatMillionths(p.scoring.scale.worst)},
          {"step", FormatMillionths(p.scoring.scale.step)},
          {"standard_error", Short(StandardError(plan))},
          {"public_rows", plan.public_rows},
          {"final_rows", plan.final_rows},
          {"rounds", p.rounds.count},
          {"round", Seconds(p.rounds.length_ms)},
          {"run_window", Seconds(p.rounds.run_window_ms)},
          {"wall", Seconds(p.limits.wall_ms)},
          {"settle", Seconds(p.rounds.settle_ms)},
          {"lanes", p.rounds.lanes},
          {"quorum", p.witnesses.quorum},
          {"witnesses", p.witnesses.verifiers.size()}};
}

}  // namespace

std::string PlanText(const Plan& plan) {
  std::string out = absl::StrFormat("Contest %s\n", plan.policy.contest);
  out += SettingsText(plan);
  out += BudgetText(plan);
  out += "To be told to the people in the rows\n";
  for (const counting::Paragraph& paragraph : SubjectsStatement(plan.policy, plan.reserve))
    out += Row(paragraph.key, paragraph.text);
  for (const std::string& warning : plan.warnings) out += "warning: " + warning + "\n";
  for (const std::string& failure : plan.failures) out += "refused: " + failure + "\n";
  return out;
}

std::string PlanJson(const Plan& plan) {
  Json json = {{"contest", plan.policy.contest}};
  json.update(SettingsJson(plan));
  json.update({
      {"team_count", plan.worst.team_count.ToHex()},
      {"team_bits", plan.worst.team.ToString()},
      {"team_bytes", plan.worst.team.CeilBytes()},
      {"all_teams_bits", plan.worst.all_teams.ToString()},
      {"all_teams_bytes", plan.worst.all_teams.CeilBytes()},
      {"shared_count", plan.worst.shared_count.ToHex()},
      {"shared_bits", plan.worst.shared.ToString()},
      {"final_bits", plan.worst.final_board.ToString()},
      {"final_bytes", plan.worst.final_board.CeilBytes()},
      {"acts_bits", plan.worst.acts.ToString()},
      {"acts_bytes", plan.worst.acts.CeilBytes()},
      {"restarts", RestartsPaid(plan)},
      {"baseline_bits", Baseline(plan).ToString()},
      {"baseline_bytes", Baseline(plan).CeilBytes()},
      {"contest_bits", plan.reserve.ToString()},
      {"contest_bytes", plan.reserve.CeilBytes()},
      {"dataset_budget_bits", plan.dataset_budget.ToString()},
      {"dataset_budget_bytes", plan.dataset_budget.CeilBytes()},
      {"dataset_left_bits", plan.dataset_left.ToString()},
      {"dataset_left_bytes", plan.dataset_left.CeilBytes()},
      {"dataset_left_after_bits", LeftAfter(plan).ToString()},
      {"bits_per_row", plan.policy.bits_per_row},
      {"rows_copied", counting::RowsCopied(plan.reserve, plan.policy.bits_per_row)},
      {"overfit_epsilon", Short(OverfitEpsilon(plan))},
      {"capacity", plan.capacity},
      {"tries", plan.wanted},
  });
  if (BoundBHolds(plan)) json["overfit_factor"] = BoundBFactor(plan);
  if (plan.persons_in_both.has_value()) json["persons_in_both"] = *plan.persons_in_both;
  for (const counting::Paragraph& paragraph : SubjectsStatement(plan.policy, plan.reserve))
    json["statement"][paragraph.key] = paragraph.text;
  json["warnings"] = plan.warnings;
  json["refused"] = plan.failures;
  return json.dump(2) + "\n";
}

}  // namespace pinhole::vault
