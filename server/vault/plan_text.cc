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
  out += Row("a team", plan.worst.team.ToString() + " bits");
  out += Row("all teams", plan.worst.all_teams.ToString() + " bits");
  out += Row("final board", plan.worst.final_board.ToString() + " bits");
  out += Row("acts and shifts", plan.worst.acts.ToString() + " bits");
  if (p.baseline_thousandths > 0)
    out += Row("baseline, declassified", Bits{p.baseline_thousandths}.ToString() + " bits");
  out += Row("the contest", absl::StrFormat("%s bits = %d bytes", plan.reserve.ToString(),
                                            plan.reserve.CeilBytes()));
  out += Row("the data set",
             absl::StrFormat("%s bits for its lifetime, %s left before this contest",
                             plan.dataset_budget.ToString(), plan.dataset_left.ToString()));
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
      {"capacity", plan.capacity},
      {"tries", plan.wanted},
      {"warnings", plan.warnings},
      {"refused", plan.failures},
  };
  return json.dump(2) + "\n";
}

}  // namespace pinhole::vault
