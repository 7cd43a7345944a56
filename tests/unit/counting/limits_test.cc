// Lowering a limit while a contest runs only removes what could follow.
#include "server/core/counting/limits.h"

#include <gtest/gtest.h>

#include <random>

#include "server/core/counting/big_count.h"

namespace pinhole::counting {
namespace {

using contest::Policy;
using contest::ReleaseRule;

Policy PolicyOf(ReleaseRule rule, int tries, int scores, int failures, int levels, int min_gain,
                int teams) {
  Policy policy;
  policy.scoring.scale = {.best = 0, .worst = (levels - 1) * 1000, .step = 1000};
  policy.release.rule = rule;
  policy.release.tries = tries;
  policy.release.shown_scores = scores;
  policy.release.shown_failures = failures;
  policy.release.min_gain = min_gain;
  policy.release.teams = teams;
  return policy;
}

TEST(Limits, ATeamThatJoinsLaterBeginsAsUnderALowerPolicy) {
  const Policy policy = PolicyOf(ReleaseRule::kImprovements, 20, 10, 3, 51, 1, 3);
  const Limits lower = LimitsOf(policy).With(Limit::kTries, 7).With(Limit::kShownFailures, 0);
  Policy strict = policy;
  strict.release.tries = 7;
  strict.release.shown_failures = 0;
  EXPECT_EQ(StartState(policy, lower), StartState(strict));
  EXPECT_EQ(StartState(policy, LimitsOf(policy)), StartState(policy));
}

TEST(Limits, WhatWaitsKeepsItsTry) {
  const Policy policy = PolicyOf(ReleaseRule::kImprovements, 20, 10, 3, 51, 1, 3);
  const Limits limits = LimitsOf(policy);
  // Nine admitted, of which two wait: thirteen tries are left to be released.
  const TeamState state{.tries = 13, .levels = 30, .scores = 4, .failures = 1};
  const struct {
    const char* name;
    Limits to;
    TeamState expected;
  } cases[] = {
      {"fewer tries", limits.With(Limit::kTries, 12), {5, 30, 4, 1}},
      {"as many tries as were admitted", limits.With(Limit::kTries, 9), {2, 30, 4, 1}},
      {"fewer tries than were admitted", limits.With(Limit::kTries, 3), {2, 30, 4, 1}},
      {"fewer scores", limits.With(Limit::kShownScores, 7), {13, 30, 1, 1}},
      {"fewer scores than were shown", limits.With(Limit::kShownScores, 2), {13, 30, 0, 1}},
      {"fewer notices", limits.With(Limit::kShownFailures, 0), {13, 30, 4, 0}},
      {"the same", limits, state},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Lowered(state, limits, one.to, 9, 2), one.expected) << one.name;
  }
}

// In two steps as in one, when nothing is used between them.
TEST(Limits, StepsComeToTheSame) {
  const Policy policy = PolicyOf(ReleaseRule::kImprovements, 20, 10, 3, 51, 1, 3);
  const Limits limits = LimitsOf(policy);
  std::mt19937 random(7);
  const auto below = [&](int most) { return static_cast<int>(random() % (most + 1U)); };
  for (int i = 0; i < 2'000; ++i) {
    const Limits half{below(20), below(10), below(3)};
    const Limits whole{below(half.tries), below(half.shown_scores), below(half.shown_failures)};
    const int admitted = below(20);
    const int waiting = below(std::min(admitted, 3));
    const TeamState state{20 - (admitted - waiting), 30, below(10), below(3)};
    EXPECT_EQ(
        Lowered(Lowered(state, limits, half, admitted, waiting), half, whole, admitted, waiting),
        Lowered(state, limits, whole, admitted, waiting));
  }
}

// Sequences that a team can be shown when limits may be lowered once, before any symbol, in one
// way that does not depend on symbols: never more than N. So the reservation still covers them.
TEST(Limits, LoweringNeverMakesMoreThanN) {
  std::mt19937 random(11);
  const auto between = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  int smaller = 0;
  for (int i = 0; i < 3'000; ++i) {
    const auto rule = static_cast<ReleaseRule>(between(0, 2));
    const bool plain = rule == ReleaseRule::kEveryScore;
    const int tries = between(1, 9);
    const Policy policy = PolicyOf(rule, tries, plain ? 0 : between(1, tries),
                                   plain ? 0 : between(0, tries), between(1, 12), between(1, 3), 2);
    const Limits limits = LimitsOf(policy);
    const Limits lower{between(0, limits.tries), between(0, limits.shown_scores),
                       between(0, limits.shown_failures)};
    TeamState state = StartState(policy);
    SharedState shared = StartShared(policy);
    int released = 0;
    for (int step = between(0, tries); step > 0; --step) {
      // NOT_IMPROVED, FAILED or the best level; what cannot be shown is passed over.
      const auto after =
          StatesAfter(policy, state, shared,
                      *SymbolFromIndex(between(0, 2), policy.scoring.scale.level_count()));
      if (!after.ok()) continue;
      state = after->team;
      shared = after->shared;
      ++released;
    }
    const int waiting = between(0, state.tries);
    const TeamState to = Lowered(state, limits, lower, released + waiting, waiting);
    const SharedState shared_to =
        Lowered(policy, shared, limits, lower, to.tries + int64_t{lower.tries});
    EXPECT_LE(BitsLeft(policy, to), BitsLeft(policy, state));
    EXPECT_LE(SharedBitsLeft(policy, shared_to), SharedBitsLeft(policy, shared));
    EXPECT_GE(to.tries, waiting);
    smaller += BitsLeft(policy, to) < BitsLeft(policy, state) ? 1 : 0;
  }
  EXPECT_GT(smaller, 1'000) << "lowering must lower something";
}

TEST(Limits, WaysAreTheValuesBelow) {
  const Policy policy = PolicyOf(ReleaseRule::kImprovements, 20, 10, 3, 51, 1, 3);
  int64_t ways = 0;
  for (const Limit limit : {Limit::kTries, Limit::kShownScores, Limit::kShownFailures}) {
    for (int value = 0; value < LimitsOf(policy).Of(limit); ++value) {
      EXPECT_EQ(LimitsOf(policy).With(limit, value).Of(limit), value);
      ++ways;
    }
  }
  EXPECT_EQ(WaysToLower(policy), ways);
  EXPECT_EQ(WaysToLower(PolicyOf(ReleaseRule::kEveryScore, 9, 0, 0, 5, 1, 1)), 9);
}

}  // namespace
}  // namespace pinhole::counting
