// A contest's and a team's own questions: what a ledger's entries made of them.
#include <algorithm>

#include "server/core/replay/ledger_state.h"

namespace pinhole::replay {

const Team* Contest::FindTeam(const PublicKey& key) const {
  const auto found = team_by_key.find(key);
  return found == team_by_key.end() ? nullptr : &teams[static_cast<size_t>(found->second - 1)];
}

const Team* Contest::FindTeam(std::string_view name) const {
  for (const Team& team : teams) {
    if (team.entry.name == name) return &team;
  }
  return nullptr;
}

int64_t Contest::Tries() const {
  int64_t tries = 0;
  for (const Team& team : teams) tries += team.tries_used;
  return tries;
}

int64_t Contest::Waiting() const {
  int64_t waiting = 0;
  for (const Team& team : teams) waiting += team.waiting;
  return waiting;
}

void Contest::LowerLimits() {
  if (next_limits == limits) return;
  const contest::Policy& rules = policy.policy;
  int64_t tries = int64_t{rules.release.teams - static_cast<int>(teams.size())} * next_limits.tries;
  for (Team& team : teams) {
    team.state = counting::Lowered(team.state, limits, next_limits, team.tries_used, team.waiting);
    team.left = counting::BitsLeft(rules, team.state);
    tries += team.state.tries;
  }
  shared = counting::Lowered(rules, shared, limits, next_limits, tries);
  shared_left = counting::SharedBitsLeft(rules, shared);
  limits = next_limits;
}

int64_t Team::JudgedBy() const {
  const bool counts = choice.has_value() && std::binary_search(shown.begin(), shown.end(), *choice);
  return counts ? *choice : best_admit;
}

void Contest::ForgetWhatServedTheRules() {
  team_by_key = {};
  team_names = {};
  invitations = {};
  requests = {};
  used_ids = {};
  for (Team& team : teams) {
    team.day_rounds = {};
    team.shown = {};
  }
}

int TriesOfDay(const Contest& contest, const Team& team) {
  const int64_t first =
      contest.NextRound() - contest::RoundsPerDay(contest.policy.policy.rounds) + 1;
  return static_cast<int>(std::count_if(team.day_rounds.begin(), team.day_rounds.end(),
                                        [&](int64_t round) { return round >= first; }));
}

std::vector<int> FinalTeams(const Contest& contest) {
  std::vector<int> numbers;
  for (const Team& team : contest.teams) {
    if (team.best_admit >= 0 && !team.disqualified) numbers.push_back(team.entry.number);
  }
  return numbers;
}

bool MayChoose(const Contest& contest, const Team& team, int64_t admit) {
  if (std::binary_search(team.shown.begin(), team.shown.end(), admit)) return true;
  const auto found = contest.admissions.find(admit);
  return found != contest.admissions.end() && !found->second.result.has_value() &&
         found->second.entry.team == team.entry.number;
}

}  // namespace pinhole::replay
