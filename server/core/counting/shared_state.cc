#include "server/core/counting/shared_state.h"

#include <algorithm>
#include <limits>

#include "server/core/base/status.h"

namespace pinhole::counting {
namespace {

bool Shares(const contest::Policy& policy) {
  return policy.release.rule == contest::ReleaseRule::kRecords;
}

// Records are counted as one team's improvements would be, without notices.
TeamState AsTeam(const SharedState& state) {
  return {
      .tries = static_cast<int>(std::min<int64_t>(state.tries, std::numeric_limits<int>::max())),
      .levels = state.levels,
      .scores = state.scores};
}

}  // namespace

SharedState StartShared(const contest::Policy& policy) {
  if (!Shares(policy)) return {};
  return {.tries = int64_t{policy.release.tries} * policy.release.teams,
          .levels = policy.scoring.scale.level_count(),
          .scores = policy.release.shown_scores};
}

BigCount CountShared(const contest::Policy& policy, const SharedState& state) {
  return Shares(policy) ? CountContinuations(policy, AsTeam(state)) : BigCount(1);
}

Bits SharedBitsLeft(const contest::Policy& policy, const SharedState& state) {
  return Shares(policy) ? BitsLeft(policy, AsTeam(state)) : Bits{0};
}

TeamState StateOfBoth(const contest::Policy& policy, const TeamState& team,
                      const SharedState& shared) {
  if (!Shares(policy)) return team;
  return {.tries = team.tries,
          .levels = shared.levels,
          .scores = shared.scores,
          .failures = team.failures};
}

absl::StatusOr<BothStates> StatesAfter(const contest::Policy& policy, const TeamState& team,
                                       const SharedState& shared, const SymbolValue& symbol) {
  ASSIGN_OR_RETURN(const TeamState after,
                   StateAfter(policy, StateOfBoth(policy, team, shared), symbol));
  if (!Shares(policy)) return BothStates{after, shared};
  return BothStates{{.tries = after.tries, .failures = after.failures},
                    {.tries = shared.tries - 1, .levels = after.levels, .scores = after.scores}};
}

}  // namespace pinhole::counting
