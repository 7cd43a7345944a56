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
    case contest::ReleaseRule::kRecords:
      return Symbol(Improvements(state, show_below, level));
  }
  return Symbol({SymbolKind::kFailed});
}

absl::StatusOr<log::EncodedEntry> Symbol::ToResult(const replay::Contest& contest,
                                                   const replay::Admission& admission,
                                                   const std::optional<Digest>& blind) const {
  const contest::Policy& policy = contest.policy.policy;
  const replay::Team& team = contest.teams[static_cast<size_t>(admission.entry.team - 1)];
  ASSIGN_OR_RETURN(const counting::BothStates after,
                   counting::StatesAfter(policy, team.state, contest.shared, value_));
  const counting::Bits left = counting::BitsLeft(policy, after.team);
  const counting::Bits shared_left = counting::SharedBitsLeft(policy, after.shared);
  return log::Encode({.contest = policy.contest,
                      .round = contest.NextRound(),
                      .admit = admission.index,
                      .team = admission.entry.team,
                      .symbol = value_,
                      .text = counting::SymbolText(value_, policy.scoring.scale),
                      .charge = team.left - left + (contest.shared_left - shared_left),
                      .after = counting::StateOfBoth(policy, after.team, after.shared),
                      .blind = blind},
                     log::ResultSeal());
}

absl::StatusOr<log::EncodedEntry> Release(const replay::Contest& contest,
                                          const replay::Admission& admission,
                                          const std::optional<score::Level>& level,
                                          const std::optional<Digest>& blind) {
  const replay::Team& team = contest.teams[static_cast<size_t>(admission.entry.team - 1)];
  return Decide(contest.policy.policy, contest.StateOf(team), admission.entry.show_below, level)
      .ToResult(contest, admission, blind);
}

}  // namespace pinhole::gate
