// The encoder's code for the public ledger: the transcripts that a policy allows, in an order of
// their own, so that number n of them is the message n (an enumerative code). It uses the count
// that the policy is charged by; if that count were too low, some transcript would have no number.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/core/counting/big_count.h"
#include "server/core/counting/shared_state.h"

namespace pinhole::redteam {

// What a team, or under records what all teams in turn, can be shown.
class TranscriptCode {
 public:
  // Of `teams` teams that submit in turn; 1 unless the rule is records, which must have no failure
  // notices: then the count is exact.
  TranscriptCode(const contest::Policy& policy, int teams) : policy_(policy), teams_(teams) {}

  // How many transcripts there are by the count of the policy.
  counting::BigCount Size() const;
  int length() const { return policy_.release.tries * teams_; }

  // Transcript number `message`, which must be below Size().
  std::vector<counting::SymbolValue> Encode(const counting::BigCount& message) const;
  // Its number; nothing for symbols that no vault under this policy shows.
  std::optional<counting::BigCount> Decode(
      const std::vector<counting::SymbolValue>& transcript) const;

 private:
  struct State {
    std::vector<counting::TeamState> teams;
    counting::SharedState shared;
  };
  State Start() const;
  counting::BigCount Count(const State& state) const;
  std::vector<counting::SymbolValue> Alphabet() const;
  std::optional<State> After(const State& state, int place,
                             const counting::SymbolValue& symbol) const;

  contest::Policy policy_;
  int teams_;
};

}  // namespace pinhole::redteam
