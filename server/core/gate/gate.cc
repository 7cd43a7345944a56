#include "server/core/gate/gate.h"

#include "server/core/base/status.h"

namespace pinhole::gate {
namespace {

using counting::SymbolKind;
using counting::SymbolValue;

SymbolValue Improvements(const counting::TeamState& state, const std::optional<int>& show_below,
                         const std::optional<score::Level>& level) {
  if (!level.has_value()) {
    return {state.failures > 0 ? SymbolKind::kFailed : SymbolKind::kNotImproved};
  }
  const bool wanted = !show_below.has_value() || level->index() < *show_below;
  const bool improves = level->index() < state.levels && state.scores > 0;
  if (wanted && improves) return {SymbolKind::kLevel, level->index()};
  return {SymbolKind::kNotImproved};
}

SymbolValue EveryScore(const contest::Policy& policy, const std::optional<int>& show_below,
                       const std::optional<score::Level>& level) {
  // This rule counts (L+1)^k: the levels and FAILED. So FAILED says "failed, or worse than worst".
  if (!level.has_value() || level->index() >= policy.scoring.scale.level_count())
    return {SymbolKind::kFailed};
  if (show_below.has_value() && level->index() >= *show_below) return {SymbolKind::kFailed};
  return {SymbolKind::kLevel, level->index()};
}

}  // namespace

Symbol Decide(const contest::Policy& policy, const counting::TeamState& state,
              const std::optional<int>& show_below, const std::optional<score::Level>& level) {
  switch (policy.release.rule) {
    case contest::ReleaseRule::kEveryScore:
      return Symbol(EveryScore(policy, show_below, level));
    case contest::ReleaseRule::kImprovements:
      return Symbol(Improvements(state, show_below, level));
  }
  return Symbol({SymbolKind::kFailed});
}

absl::StatusOr<log::EncodedEntry> Symbol::ToResult(const replay::Contest& contest,
                                                   const replay::Admission& admission) const {
  const contest::Policy& policy = contest.policy.policy;
  const counting::TeamState& before =
      contest.teams[static_cast<size_t>(admission.entry.team - 1)].state;
  ASSIGN_OR_RETURN(const counting::TeamState after, counting::StateAfter(policy, before, value_));
  return log::Encode(
      {.contest = policy.contest,
       .round = contest.NextRound(),
       .admit = admission.index,
       .team = admission.entry.team,
       .symbol = value_,
       .text = counting::SymbolText(value_, policy.scoring.scale),
       .charge = counting::BitsLeft(policy, before) - counting::BitsLeft(policy, after),
       .after = after},
      log::ResultSeal());
}

absl::StatusOr<log::EncodedEntry> Release(const replay::Contest& contest,
                                          const replay::Admission& admission,
                                          const std::optional<score::Level>& level) {
  const counting::TeamState& state =
      contest.teams[static_cast<size_t>(admission.entry.team - 1)].state;
  return Decide(contest.policy.policy, state, admission.entry.show_below, level)
      .ToResult(contest, admission);
}

}  // namespace pinhole::gate
