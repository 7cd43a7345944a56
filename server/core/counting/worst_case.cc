#include "server/core/counting/worst_case.h"

#include "server/core/counting/final_board.h"
#include "server/core/counting/shared_state.h"
#include "server/core/counting/transcripts.h"

namespace pinhole::counting {

WorstCase CountWorstCase(const contest::Policy& policy) {
  WorstCase worst;
  worst.team_count = CountContinuations(policy, StartState(policy));
  worst.team = worst.team_count.CeilLog2();
  worst.all_teams = worst.team * policy.release.teams;
  worst.shared_count = CountShared(policy, StartShared(policy));
  worst.shared = worst.shared_count.CeilLog2();
  worst.final_board = FinalWorstCase(policy);
  worst.acts = {policy.release.acts_thousandths};
  worst.contest = worst.all_teams + worst.shared + worst.final_board + worst.acts;
  return worst;
}

}  // namespace pinhole::counting
