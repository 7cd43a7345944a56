// The gate against its rule and its types; the order of completion is
// tests/unit/vault/order_test.cc.
#include "server/core/gate/gate.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/support/ledger_builder.h"

namespace pinhole::gate {
namespace {

using counting::SymbolKind;
using testing::LevelOfIndex;

// The types are the policy: outside the gate nobody makes a symbol or seals a RESULT.
static_assert(!std::is_constructible_v<Symbol, counting::SymbolValue>);
static_assert(!std::is_default_constructible_v<Symbol>);
static_assert(!std::is_default_constructible_v<log::ResultSeal>);
static_assert(!std::is_constructible_v<log::EncodedEntry, std::string>);
static_assert(!std::is_constructible_v<score::Level, int>);

contest::Policy WithRule(contest::ReleaseRule rule) {
  contest::Policy policy = testing::DemoPolicy();
  policy.release.rule = rule;
  return policy;
}

TEST(Decide, FollowsImprovements) {
  const contest::Policy policy = WithRule(contest::ReleaseRule::kImprovements);
  struct Case {
    const char* name;
    counting::TeamState state;
    std::optional<int> show_below;
    std::optional<int> level;
    SymbolKind kind;
  };
  for (const Case& c : {
           Case{"first_score", {20, 51, 10, 3}, {}, 30, SymbolKind::kLevel},
           Case{"worse_than_worst", {20, 51, 10, 3}, {}, 51, SymbolKind::kNotImproved},
           Case{"equal_is_not_better", {20, 30, 10, 3}, {}, 30, SymbolKind::kNotImproved},
           Case{"one_better", {20, 30, 10, 3}, {}, 29, SymbolKind::kLevel},
           Case{"no_scores_left", {20, 51, 0, 3}, {}, 1, SymbolKind::kNotImproved},
           Case{"failure_with_notice", {20, 51, 10, 1}, {}, {}, SymbolKind::kFailed},
           Case{"failure_without_notice", {20, 51, 10, 0}, {}, {}, SymbolKind::kNotImproved},
           Case{"not_below_own_threshold", {20, 51, 10, 3}, 20, 20, SymbolKind::kNotImproved},
           Case{"below_own_threshold", {20, 51, 10, 3}, 20, 19, SymbolKind::kLevel},
       }) {
    SCOPED_TRACE(c.name);
    const std::optional<score::Level> level =
        c.level.has_value() ? LevelOfIndex(*c.level, 51) : std::nullopt;
    const Symbol symbol = Decide(policy, c.state, c.show_below, level);
    EXPECT_EQ(symbol.value().kind, c.kind);
    if (c.kind == SymbolKind::kLevel) {
      EXPECT_EQ(symbol.value().level, *c.level);
    }
    EXPECT_TRUE(counting::StateAfter(policy, c.state, symbol.value()).ok());
  }
}

TEST(Decide, IsTotalOverEveryState) {
  for (const auto rule : {contest::ReleaseRule::kImprovements, contest::ReleaseRule::kEveryScore,
                          contest::ReleaseRule::kRecords}) {
    contest::Policy policy = WithRule(rule);
    policy.scoring.scale = {.best = 0, .worst = 4'000, .step = 1'000};
    for (int levels = 0; levels <= 5; ++levels) {
      for (int scores = 0; scores <= 2; ++scores) {
        for (int failures = 0; failures <= 1; ++failures) {
          for (int level = -1; level <= 5; ++level) {
            for (int below = -1; below <= 5; ++below) {
              const counting::TeamState state = {1, levels, scores, failures};
              const Symbol symbol =
                  Decide(policy, state, below < 0 ? std::nullopt : std::optional(below),
                         level < 0 ? std::nullopt : LevelOfIndex(level, 5));
              EXPECT_TRUE(counting::StateAfter(policy, state, symbol.value()).ok());
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace pinhole::gate
