// The one function behind POLICY, charge and audit: what a team may still be shown, and in how many
// ways.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "server/core/contest/policy.h"
#include "server/core/counting/big_count.h"
#include "server/core/counting/bits.h"

namespace pinhole::counting {

// What one submission may be shown as. `level` counts for kLevel alone.
enum class SymbolKind { kNotImproved, kFailed, kLevel };
struct SymbolValue {
  SymbolKind kind = SymbolKind::kNotImproved;
  int level = 0;
  bool operator==(const SymbolValue&) const = default;
};

// The index of a symbol in its alphabet: 0 NOT_IMPROVED, 1 FAILED, 2 + level.
int SymbolIndex(const SymbolValue& symbol);
// Errors: INVALID_ARGUMENT outside [0, level_count + 1].
absl::StatusOr<SymbolValue> SymbolFromIndex(int64_t index, int level_count);
// "NOT_IMPROVED", "FAILED", or the level's value such as "0.875".
std::string SymbolText(const SymbolValue& symbol, const contest::LevelScale& scale);

// The state of a team: a function of the symbols it was shown (CHANNEL.md section 5.2). Under
// every-score only `tries` moves; under records tries and failures, the rest is shared
// (shared_state.h).
struct TeamState {
  int tries = 0;     // submissions left
  int levels = 0;    // levels that may still be shown: indices [0, levels)
  int scores = 0;    // shown scores left
  int failures = 0;  // failure notices left
  bool operator==(const TeamState&) const = default;
};

TeamState StartState(const contest::Policy& policy);

// N(state): how many sequences of symbols can follow. Sum over i shown scores and e notices of
// C(k,i)·C(k-i,e)·C(l-(i-1)(m-1),i) for improvements, (L+1)^k for every-score; for records the
// places of notices alone, sum over e of C(k,e).
BigCount CountContinuations(const contest::Policy& policy, const TeamState& state);

// B(state) = log2 N(state), rounded up to a thousandth.
Bits BitsLeft(const contest::Policy& policy, const TeamState& state);

// The state after `symbol`; the charge is BitsLeft before minus BitsLeft after, so that a team's
// charges telescope. Errors: FAILED_PRECONDITION when the rule cannot show that symbol in that
// state.
absl::StatusOr<TeamState> StateAfter(const contest::Policy& policy, const TeamState& state,
                                     const SymbolValue& symbol);

}  // namespace pinhole::counting
