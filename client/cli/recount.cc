#include "client/cli/recount.h"

#include <map>
#include <tuple>

#include "server/core/counting/transcripts.h"

namespace pinhole::cli {
namespace {

using counting::BigCount;
using counting::SymbolKind;
using counting::TeamState;

constexpr int64_t kMostSteps = 10'000'000;

// Holds what was counted for each state, so that each is counted once.
class Recount {
 public:
  explicit Recount(const contest::Policy& policy) : policy_(policy) {}

  // By value of tries from 0 up would be as good; recursion is as deep as there are tries.
  const BigCount& Of(const TeamState& state) {
    const Key key{state.tries, state.levels, state.scores, state.failures};
    const auto [at, is_new] = counts_.try_emplace(key, state.tries == 0 ? 1 : 0);
    if (!is_new || state.tries == 0) return at->second;
    BigCount total(0);
    Add(state, {SymbolKind::kNotImproved}, total);
    Add(state, {SymbolKind::kFailed}, total);
    for (int level = 0; level < policy_.scoring.scale.level_count(); ++level) {
      Add(state, {SymbolKind::kLevel, level}, total);
    }
    at->second = std::move(total);
    return at->second;
  }

 private:
  using Key = std::tuple<int, int, int, int>;

  void Add(const TeamState& state, const counting::SymbolValue& symbol, BigCount& total) {
    const absl::StatusOr<TeamState> after = counting::StateAfter(policy_, state, symbol);
    if (after.ok()) total += Of(*after);
  }

  const contest::Policy& policy_;
  std::map<Key, BigCount> counts_;
};

}  // namespace

std::optional<BigCount> RecountByStates(const contest::Policy& policy) {
  const TeamState start = counting::StartState(policy);
  // Recursion is as deep as there are tries, and each state looks at each symbol.
  constexpr int kMostTries = 2000;
  if (start.tries > kMostTries) return std::nullopt;
  int64_t steps = 1;
  for (const int64_t factor : {start.tries + 1, start.levels + 1, start.scores + 1,
                               start.failures + 1, policy.scoring.scale.level_count() + 2}) {
    steps *= factor;
    if (steps > kMostSteps) return std::nullopt;
  }
  return Recount(policy).Of(start);
}

}  // namespace pinhole::cli
