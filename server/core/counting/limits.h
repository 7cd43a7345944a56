// The limits of the count that an organizer may lower while a contest runs, and what lowering does
// to what can still follow (CHANNEL.md section 5.3, invariant 11). Lowering only removes
// transcripts, so that N never grows and nothing is charged for what is given up.
#pragma once

#include <cstdint>
#include <optional>

#include "server/core/contest/policy.h"
#include "server/core/counting/shared_state.h"
#include "server/core/counting/transcripts.h"

namespace pinhole::counting {

enum class Limit { kTries, kShownScores, kShownFailures };

// What is in force: POLICY's own until an act lowers one.
struct Limits {
  int tries = 0;           // of a team
  int shown_scores = 0;    // of a team; of records all teams
  int shown_failures = 0;  // of a team
  int Of(Limit limit) const;
  // The same with `limit` at `value`.
  Limits With(Limit limit, int value) const;
  bool operator==(const Limits&) const = default;
};
Limits LimitsOf(const contest::Policy& policy);

// How many different acts of lowering a limit there are under `policy`: one a limit and value
// below.
int64_t WaysToLower(const contest::Policy& policy);

// The state of a team that joins under `limits`.
TeamState StartState(const contest::Policy& policy, const Limits& limits);

// What `state` becomes when limits go from `from` down to `to`. `admitted` tries were used, and
// `waiting` of them have no result yet: those keep theirs.
TeamState Lowered(const TeamState& state, const Limits& from, const Limits& to, int admitted,
                  int waiting);

// The same for what teams share, whose tries are those of all teams: `tries` after it. Without
// records it stays as it is.
SharedState Lowered(const contest::Policy& policy, const SharedState& state, const Limits& from,
                    const Limits& to, int64_t tries);

}  // namespace pinhole::counting
