// What is shown of the final set when a contest closes, place by place, and what each place can
// tell (CHANNEL.md section 5.2, "Final").
#pragma once

#include <optional>
#include <string>

#include "server/core/contest/policy.h"
#include "server/core/counting/bits.h"

namespace pinhole::counting {

// The places that are shown when so many teams have a submission to be judged by: which those are
// follows from the ledger. winner: one; top3: up to three; every-team: one a team.
int FinalPlaces(const contest::Policy& policy, int teams);

// The bits of one place, from 1 on. winner and top3: which of the teams that have none yet;
// every-team: which level, or worse than worst.
Bits FinalCharge(const contest::Policy& policy, int teams, int place);

// "0.875", "WORSE" for level_count, "-" for none.
std::string FinalText(const std::optional<int>& level, const contest::LevelScale& scale);

// All places when every team there can be has one: what is reserved.
Bits FinalWorstCase(const contest::Policy& policy);

}  // namespace pinhole::counting
