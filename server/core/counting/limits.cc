#include "server/core/counting/limits.h"

#include <algorithm>

namespace pinhole::counting {
namespace {

// A count that began at `from` and can end below zero of `to`: then nothing is left.
int Less(int left, int from, int to) { return std::max(0, left - (from - to)); }

}  // namespace

int Limits::Of(Limit limit) const {
  switch (limit) {
    case Limit::kTries:
      return tries;
    case Limit::kShownScores:
      return shown_scores;
    case Limit::kShownFailures:
      return shown_failures;
  }
  return 0;
}

Limits Limits::With(Limit limit, int value) const {
  Limits changed = *this;
  switch (limit) {
    case Limit::kTries:
      changed.tries = value;
      break;
    case Limit::kShownScores:
      changed.shown_scores = value;
      break;
    case Limit::kShownFailures:
      changed.shown_failures = value;
      break;
  }
  return changed;
}

Limits LimitsOf(const contest::Policy& policy) {
  return {.tries = policy.release.tries,
          .shown_scores = policy.release.shown_scores,
          .shown_failures = policy.release.shown_failures};
}

int64_t WaysToLower(const contest::Policy& policy) {
  const Limits limits = LimitsOf(policy);
  return int64_t{limits.tries} + limits.shown_scores + limits.shown_failures;
}

TeamState StartState(const contest::Policy& policy, const Limits& limits) {
  return Lowered(StartState(policy), LimitsOf(policy), limits, 0, 0);
}

TeamState Lowered(const TeamState& state, const Limits& from, const Limits& to, int admitted,
                  int waiting) {
  const int released = admitted - waiting;
  return {.tries = std::min(state.tries, std::max(waiting, to.tries - released)),
          .levels = state.levels,
          .scores = Less(state.scores, from.shown_scores, to.shown_scores),
          .failures = Less(state.failures, from.shown_failures, to.shown_failures)};
}

SharedState Lowered(const contest::Policy& policy, const SharedState& state, const Limits& from,
                    const Limits& to, int64_t tries) {
  if (policy.release.rule != contest::ReleaseRule::kRecords) return state;
  return {.tries = tries,
          .levels = state.levels,
          .scores = Less(state.scores, from.shown_scores, to.shown_scores)};
}

}  // namespace pinhole::counting
