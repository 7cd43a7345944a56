#include "server/core/gate/final_board.h"

#include <algorithm>

#include "server/core/base/status.h"
#include "server/core/counting/final_board.h"

namespace pinhole::gate {
namespace {

// A failed run stands where a score worse than the worst level stands.
int IndexOf(const std::optional<score::Level>& level, int level_count) {
  return level.has_value() ? std::min(level->index(), level_count) : level_count;
}

}  // namespace

absl::StatusOr<std::vector<log::EncodedEntry>> FinalBoard::Release(const replay::Contest& contest,
                                                                   const FinalLevels& levels,
                                                                   int64_t first,
                                                                   const log::Blinder& blinder) {
  const contest::Policy& policy = contest.policy.policy;
  const int level_count = policy.scoring.scale.level_count();
  std::vector<int> teams = replay::FinalTeams(contest);
  for (const int team : teams) {
    if (!levels.contains(team))
      return absl::InvalidArgumentError("a team's final level is missing");
  }
  const auto level_of = [&](int team) { return IndexOf(levels.at(team), level_count); };
  const auto team_of = [&](int team) -> const replay::Team& {
    return contest.teams[static_cast<size_t>(team - 1)];
  };
  const bool with_levels = policy.release.final_rule == contest::FinalRule::kEveryTeam;
  if (!with_levels) {
    std::sort(teams.begin(), teams.end(), [&](int a, int b) {
      if (level_of(a) != level_of(b)) return level_of(a) < level_of(b);
      if (team_of(a).best_level != team_of(b).best_level)
        return *team_of(a).best_level < *team_of(b).best_level;
      return team_of(a).best_admit < team_of(b).best_admit;
    });
  }
  const int count = static_cast<int>(teams.size());
  std::vector<log::EncodedEntry> entries;
  for (int place = 1; place <= counting::FinalPlaces(policy, count); ++place) {
    const int team = teams[static_cast<size_t>(place - 1)];
    log::FinalEntry entry{.contest = policy.contest,
                          .round = contest.last_round,
                          .place = place,
                          .team = team,
                          .admit = team_of(team).JudgedBy()};
    if (with_levels) entry.level = level_of(team);
    entry.text = counting::FinalText(entry.level, policy.scoring.scale);
    entry.charge = counting::FinalCharge(policy, count, place);
    entry.blind = blinder.Of(first + place - 1);
    ASSIGN_OR_RETURN(log::EncodedEntry encoded, log::Encode(entry, log::ResultSeal()));
    entries.push_back(std::move(encoded));
  }
  return entries;
}

}  // namespace pinhole::gate
