// The counted formula against enumeration of the enforced rule, and against CHANNEL.md's tables.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <tuple>
#include <utility>

#include "server/core/counting/big_count.h"
#include "server/core/counting/transcripts.h"

namespace pinhole::counting {
namespace {

using contest::Policy;
using contest::ReleaseRule;

Policy Improvements(int tries, int levels, int scores, int failures, int min_gain) {
  Policy policy;
  policy.scoring.scale = {.best = 0, .worst = int64_t{levels - 1} * 1000, .step = 1000};
  policy.release = {.rule = ReleaseRule::kImprovements,
                    .tries = tries,
                    .shown_scores = scores,
                    .shown_failures = failures,
                    .min_gain = min_gain};
  return policy;
}

// Walks every transcript that StateAfter allows: the enforced rule, not the formula.
uint64_t Enumerate(const Policy& policy, const TeamState& state) {
  if (state.tries == 0) return 1;
  uint64_t total = 0;
  for (int index = 0; index < policy.scoring.scale.level_count() + 2; ++index) {
    const auto symbol = SymbolFromIndex(index, policy.scoring.scale.level_count());
    const auto after = StateAfter(policy, state, *symbol);
    if (after.ok()) total += Enumerate(policy, *after);
  }
  return total;
}

TEST(Counting, ImprovementsEqualEnumeration) {
  int cases = 0;
  for (int tries = 1; tries <= 5; ++tries) {
    for (int levels = 2; levels <= 6; ++levels) {
      for (int scores = 1; scores <= tries; ++scores) {
        for (int failures = 0; failures <= 3 && failures <= tries; ++failures) {
          for (int gain = 1; gain <= 4; ++gain, ++cases) {
            const Policy policy = Improvements(tries, levels, scores, failures, gain);
            ASSERT_EQ(CountContinuations(policy, StartState(policy)),
                      BigCount(Enumerate(policy, StartState(policy))))
                << tries << " tries, " << levels << " levels, " << scores << " scores, " << failures
                << " failures, gain " << gain;
          }
        }
      }
    }
  }
  EXPECT_GE(cases, 1000);
}

TEST(Counting, EveryScoreEqualsEnumeration) {
  for (int tries = 1; tries <= 4; ++tries) {
    for (int levels = 2; levels <= 5; ++levels) {
      Policy policy = Improvements(tries, levels, 0, 0, 1);
      policy.release.rule = ReleaseRule::kEveryScore;
      EXPECT_EQ(CountContinuations(policy, StartState(policy)),
                BigCount(Enumerate(policy, StartState(policy))));
    }
  }
}

// CHANNEL.md section 1.3, columns "J <= 10", "J <= 5", "J <= 3"; failures folded, gain 1. The table
// rounds to one decimal.
TEST(Counting, MatchesThePublishedTable) {
  struct Case {
    int tries, levels, scores;
    double bits;
  };
  for (const Case& c : {Case{50, 50, 10, 66.6}, Case{50, 50, 5, 42.0}, Case{50, 100, 5, 47.2},
                        Case{100, 50, 3, 31.6}, Case{100, 100, 10, 88.0}, Case{100, 500, 10, 111.7},
                        Case{100, 5000, 10, 145.1}, Case{100, 5000, 100, 705.5},
                        Case{1000, 100, 10, 121.8}, Case{1000, 5000, 5, 97.4}}) {
    const Policy policy = Improvements(c.tries, c.levels, c.scores, 0, 1);
    EXPECT_NEAR(static_cast<double>(BitsLeft(policy, StartState(policy)).thousandths) / 1000,
                c.bits, 0.0501)
        << c.tries << " " << c.levels << " " << c.scores;
  }
  // Section 5.2: the demo's 20 tries, 10 scores, 3 notices, 51 levels are 59 bits; 50/10/2 and 51
  // levels are 77.
  EXPECT_NEAR(
      static_cast<double>(BitsLeft(Improvements(20, 51, 10, 3, 1), {20, 51, 10, 3}).thousandths) /
          1000,
      59, 0.5);
  EXPECT_NEAR(
      static_cast<double>(BitsLeft(Improvements(50, 51, 10, 2, 1), {50, 51, 10, 2}).thousandths) /
          1000,
      77, 0.5);
}

TEST(Counting, ChargesTelescopeAndAreNeverNegative) {
  const Policy policy = Improvements(6, 9, 3, 2, 2);
  std::map<std::tuple<int, int, int, int>, bool> seen;
  std::vector<TeamState> open = {StartState(policy)};
  while (!open.empty()) {
    const TeamState state = open.back();
    open.pop_back();
    if (!seen.emplace(std::tuple(state.tries, state.levels, state.scores, state.failures), true)
             .second)
      continue;
    for (int index = 0; index < 11; ++index) {
      const auto after = StateAfter(policy, state, *SymbolFromIndex(index, 9));
      if (!after.ok()) continue;
      EXPECT_GE(BitsLeft(policy, state), BitsLeft(policy, *after));
      if (after->tries == 0) {
        EXPECT_EQ(BitsLeft(policy, *after).thousandths, 0);
      }
      open.push_back(*after);
    }
  }
  EXPECT_GT(seen.size(), 50U);
}

// The quick way and the exact way are one function: any state that a policy can reach or name.
TEST(Counting, BitsLeftIsTheExactCount) {
  std::mt19937_64 random(20250131);
  const auto up_to = [&random](int most) {
    return static_cast<int>(random() % static_cast<uint64_t>(most + 1));
  };
  Policy policy;
  policy.release.rule = ReleaseRule::kImprovements;
  // Small numbers, where counts are ones and powers of two; usual ones; and beyond floating point.
  for (const auto& [scale, times] : {std::pair(4, 4'000), {40, 1'000}, {120, 20}}) {
    for (int i = 0; i < times; ++i) {
      policy.release.min_gain = i % 3 == 0 ? 1 + up_to(6) : 1;
      const TeamState state = {up_to(scale * 10), up_to(scale * 5), up_to(scale), up_to(scale)};
      ASSERT_EQ(BitsLeft(policy, state), CountContinuations(policy, state).CeilLog2())
          << state.tries << " tries, " << state.levels << " levels, " << state.scores << " scores, "
          << state.failures << " failures, gain " << policy.release.min_gain;
    }
  }
}

TEST(BigCount, KeepsItsText) {
  EXPECT_EQ(Binomial(100, 50).ToHex(),
            "145ff5d3b1070380dc8085568");  // Python: hex(math.comb(100, 50))
  EXPECT_EQ(BigCount(0).ToHex(), "0");
  EXPECT_EQ(*BigCount::FromHex("145ff5d3b1070380dc8085568"), Binomial(100, 50));
  for (const char* bad : {"", "00", "0a", "A", "-1", "0x1"})
    EXPECT_FALSE(BigCount::FromHex(bad).ok()) << bad;
}

TEST(BigCount, Log2IsRoundedUp) {
  EXPECT_EQ(BigCount(1).CeilLog2().thousandths, 0);
  EXPECT_EQ(BigCount(2).CeilLog2().thousandths, 1000);
  EXPECT_EQ(BigCount(3).CeilLog2().thousandths, 1585);  // 1.58496…
  BigCount big(1);
  for (int i = 0; i < 1000; ++i) big *= 2;
  EXPECT_EQ(big.CeilLog2().thousandths, 1000000);
  big += BigCount(1);
  EXPECT_EQ(big.CeilLog2().thousandths, 1000001);
  EXPECT_EQ(Bits{59412}.ToString(), "59.412");
  EXPECT_EQ(Bits::Whole(241).CeilBytes(), 31);
}

}  // namespace
}  // namespace pinhole::counting
