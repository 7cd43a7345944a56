// What a whole contest can let out at the most: the sum that POLICY states, the plan prints and the
// audit recomputes.
#pragma once

#include "server/core/contest/policy.h"
#include "server/core/counting/big_count.h"
#include "server/core/counting/bits.h"

namespace pinhole::counting {

// teams · B_team + records + final + acts. This is what opening a contest reserves.
struct WorstCase {
  BigCount team_count;  // N of one team's start state
  Bits team;
  Bits all_teams;
  BigCount shared_count;  // N of what teams share; 1 unless the rule is records
  Bits shared;
  Bits final_board;
  Bits acts;
  Bits contest;
};
WorstCase CountWorstCase(const contest::Policy& policy);

}  // namespace pinhole::counting
