// What all teams of a contest share under the rule `records`: one row of records for all of them
// (CHANNEL.md section 5.2). Under every other rule there is nothing shared, in one way.
#pragma once

#include "absl/status/statusor.h"
#include "server/core/contest/policy.h"
#include "server/core/counting/big_count.h"
#include "server/core/counting/bits.h"
#include "server/core/counting/transcripts.h"

namespace pinhole::counting {

// All zero unless the rule is records.
struct SharedState {
  int64_t tries = 0;  // submissions left of all teams there can be, together
  int levels = 0;     // levels that may still be shown: indices [0, levels)
  int scores = 0;     // records left
  bool operator==(const SharedState&) const = default;
};

SharedState StartShared(const contest::Policy& policy);

// How many ways there are to place records among the tries left: the sum over i records of
// C(k,i)·C(l-(i-1)(m-1),i). 1 unless the rule is records.
BigCount CountShared(const contest::Policy& policy, const SharedState& state);

// log2 of it, rounded up to a thousandth.
Bits SharedBitsLeft(const contest::Policy& policy, const SharedState& state);

// What a symbol of a team depends on: its own state, with the levels and scores that it shares.
TeamState StateOfBoth(const contest::Policy& policy, const TeamState& team,
                      const SharedState& shared);

struct BothStates {
  TeamState team;
  SharedState shared;
};

// As StateAfter, for both. The charge is what both lose. That the product of the two counts is a
// bound: the sequences that can follow a symbol, summed over all symbols, are at most
// R(K,l,j)·F(k,f) by Pascal's rule, with equality unless a record and a notice could take one
// place.
absl::StatusOr<BothStates> StatesAfter(const contest::Policy& policy, const TeamState& team,
                                       const SharedState& shared, const SymbolValue& symbol);

}  // namespace pinhole::counting
