// How a plan is printed, for people and for programs.
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"
#include "server/vault/plan.h"

namespace pinhole::vault {
namespace {

using counting::Bits;

std::string Row(std::string_view name, std::string_view value) {
  return absl::StrFormat("  %-22s %s\n", name, value);
}

std::string Seconds(int64_t ms) { return absl::StrFormat("%g s", static_cast<double>(ms) / 1000); }

std::string Amount(Bits bits) {
  return absl::StrFormat("%s bits = %d bytes", bits.ToString(), bits.CeilBytes());
}

// One line on overfitting: which bound holds depends on whether persons stand on both sides.
std::string Overfit(const Plan& plan) {
  if (plan.persons_in_both == 0 && plan.policy.scoring.metric == contest::Metric::kRmse) {
    return absl::StrFormat(
        "if all collude, board RMSE at most %.2f %% below the noise floor (95 %% sure)",
        100 * (1 - OverfitFactor(plan)));
  }
  const std::string why =
      plan.persons_in_both.has_value() && *plan.persons_in_both > 0
          ? absl::StrFormat("%d persons have training and scored rows: ", *plan.persons_in_both)
          : "";
  return why + absl::StrFormat("a loss scaled to 0…1 is off by at most %.3f (95 %% sure)",
                               OverfitEpsilon(plan));
}

}  // namespace

std::string PlanText(const Plan& plan) {
  const contest::Policy& p = plan.policy;
  const contest::LevelScale& scale = p.scoring.scale;
  std::string out = absl::StrFormat("Contest %s\n", p.contest);
  out += Row(
      "rule",
      absl::StrFormat("%s: %d tries, %d shown scores, %d shown failures a team, %d teams at most",
                      contest::Name(p.release.rule), p.release.tries, p.release.shown_scores,
                      p.release.shown_failures, p.release.teams));
  out +=
      Row("levels", absl::StrFormat("%d: %s from %s to %s by %s", scale.level_count(),
                                    contest::Name(p.scoring.metric), FormatMillionths(scale.best),
                                    FormatMillionths(scale.worst), FormatMillionths(scale.step)));
  out += Row("rounds", absl::StrFormat("%d of %s, run window %s, %d lane(s) with %d run(s) each",
                                       p.rounds.count, Seconds(p.rounds.length_ms),
                                       Seconds(p.rounds.run_window_ms), p.rounds.lanes,
                                       contest::RunsPerLane(p)));
  out += Row("capacity", absl::StrFormat("%d runs before closing, %d tries promised", plan.capacity,
                                         plan.wanted));
  out += "What can leave, at the most\n";
  out += Row("a team", Amount(plan.worst.team));
  out += Row("all teams", Amount(plan.worst.all_teams));
  out += Row("final board", Amount(plan.worst.final_board));
  out += Row("acts and shifts", Amount(plan.worst.acts));
  if (p.baseline_thousandths > 0)
    out += Row("baseline, declassified", Bits{p.baseline_thousandths}.ToString() + " bits");
  out += Row("the contest", Amount(plan.reserve));
  out += Row("the data set",
             absl::StrFormat("%s for its lifetime, %s bits left before this contest",
                             Amount(plan.dataset_budget), plan.dataset_left.ToString()));
  out += Row("overfitting", Overfit(plan));
  out += Row("as copies of rows",
             absl::StrFormat("as much as %d rows of 64 bits", plan.reserve.thousandths / 64'000));
  out +=
      "This bounds what leaves about the data set as a whole. It does not protect one fact about "
      "one person: one score can\n"
      "carry it.\n";
  for (const std::string& warning : plan.warnings) out += "warning: " + warning + "\n";
  for (const std::string& failure : plan.failures) out += "refused: " + failure + "\n";
  return out;
}

std::string PlanJson(const Plan& plan) {
  const contest::Policy& p = plan.policy;
  const nlohmann::ordered_json json = {
      {"contest", p.contest},
      {"rule", contest::Name(p.release.rule)},
      {"levels", p.scoring.scale.level_count()},
      {"best", FormatMillionths(p.scoring.scale.best)},
      {"worst", FormatMillionths(p.scoring.scale.worst)},
      {"step", FormatMillionths(p.scoring.scale.step)},
      {"team_count", plan.worst.team_count.ToHex()},
      {"team_bits", plan.worst.team.ToString()},
      {"all_teams_bits", plan.worst.all_teams.ToString()},
      {"final_bits", plan.worst.final_board.ToString()},
      {"acts_bits", plan.worst.acts.ToString()},
      {"baseline_bits", Bits{p.baseline_thousandths}.ToString()},
      {"contest_bits", plan.reserve.ToString()},
      {"contest_bytes", plan.reserve.CeilBytes()},
      {"dataset_budget_bits", plan.dataset_budget.ToString()},
      {"dataset_left_bits", plan.dataset_left.ToString()},
      {"team_bytes", plan.worst.team.CeilBytes()},
      {"dataset_budget_bytes", plan.dataset_budget.CeilBytes()},
      {"overfit_epsilon", OverfitEpsilon(plan)},
      {"capacity", plan.capacity},
      {"tries", plan.wanted},
      {"warnings", plan.warnings},
      {"refused", plan.failures},
  };
  return json.dump(2) + "\n";
}

}  // namespace pinhole::vault
