// Records, final boards and acts: what they are counted to against every sequence that the enforced
// rules let through.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <tuple>

#include "server/core/counting/acts.h"
#include "server/core/counting/final_board.h"
#include "server/core/counting/limits.h"
#include "server/core/counting/shared_state.h"
#include "server/core/counting/worst_case.h"

namespace pinhole::counting {
namespace {

using contest::FinalRule;
using contest::Policy;
using contest::ReleaseRule;

Policy Records(int teams, int tries, int levels, int records, int failures, int min_gain) {
  Policy policy;
  policy.scoring.scale = {.best = 0, .worst = int64_t{levels - 1} * 1000, .step = 1000};
  policy.release = {.rule = ReleaseRule::kRecords,
                    .tries = tries,
                    .shown_scores = records,
                    .shown_failures = failures,
                    .min_gain = min_gain,
                    .teams = teams};
  return policy;
}

// Every sequence of symbols, when the submissions' teams are these.
uint64_t Enumerate(const Policy& policy, const std::vector<int>& order, size_t at,
                   std::vector<TeamState>& teams, const SharedState& shared) {
  if (at == order.size()) return 1;
  TeamState& team = teams[static_cast<size_t>(order[at])];
  const TeamState before = team;
  uint64_t total = 0;
  const int levels = policy.scoring.scale.level_count();
  for (int index = 0; index < levels + 2; ++index) {
    const auto after = StatesAfter(policy, before, shared, *SymbolFromIndex(index, levels));
    if (!after.ok()) continue;
    team = after->team;
    total += Enumerate(policy, order, at + 1, teams, after->shared);
  }
  team = before;
  return total;
}

BigCount Bound(const Policy& policy) {
  BigCount bound = CountShared(policy, StartShared(policy));
  for (int team = 0; team < policy.release.teams; ++team) {
    bound *= CountContinuations(policy, StartState(policy));
  }
  return bound;
}

// In whatever order the teams submit.
std::vector<std::vector<int>> Orders(int teams, int tries) {
  std::vector<int> by_turns;
  std::vector<int> one_by_one;
  for (int i = 0; i < teams * tries; ++i) {
    by_turns.push_back(i % teams);
    one_by_one.push_back(i / tries);
  }
  return {by_turns, one_by_one};
}

TEST(RecordsTest, NoSequencesBeyondTheBound) {
  int cases = 0;
  for (int teams = 1; teams <= 3; ++teams) {
    for (int tries = 1; teams * tries <= 5; ++tries) {
      for (int levels = 2; levels <= 5; ++levels) {
        for (int records = 1; records <= 3 && records <= teams * tries; ++records) {
          for (int failures = 0; failures <= 2 && failures <= tries; ++failures) {
            for (int gain = 1; gain <= 3; ++gain) {
              const Policy policy = Records(teams, tries, levels, records, failures, gain);
              std::set<uint64_t> counts;
              for (const std::vector<int>& order : Orders(teams, tries)) {
                std::vector<TeamState> states(static_cast<size_t>(teams), StartState(policy));
                const uint64_t found = Enumerate(policy, order, 0, states, StartShared(policy));
                ASSERT_LE(BigCount(found), Bound(policy))
                    << teams << " " << tries << " " << levels << " " << records << " " << failures
                    << " " << gain;
                // Without notices the bound is the number itself.
                if (failures == 0) {
                  ASSERT_EQ(BigCount(found), Bound(policy));
                }
                counts.insert(found);
                ++cases;
              }
              EXPECT_EQ(counts.size(), 1u) << "the order of teams tells nothing";
            }
          }
        }
      }
    }
  }
  EXPECT_GE(cases, 1000);
}

// Charges are a prefix code's lengths: after every symbol, what can follow them all together is no
// more than what could follow before.
TEST(RecordsTest, WhatFollowsAllSymbolsIsNoMoreThanBefore) {
  const Policy policy = Records(2, 3, 6, 4, 2, 2);
  const int levels = 6;
  for (int tries = 1; tries <= 3; ++tries) {
    for (int failures = 0; failures <= 2; ++failures) {
      for (int left = 0; left <= levels; ++left) {
        for (int records = 0; records <= 4; ++records) {
          const TeamState team{.tries = tries, .failures = failures};
          const SharedState shared{.tries = 6, .levels = left, .scores = records};
          BigCount following(0);
          for (int index = 0; index < levels + 2; ++index) {
            const auto after = StatesAfter(policy, team, shared, *SymbolFromIndex(index, levels));
            if (!after.ok()) continue;
            BigCount both = CountShared(policy, after->shared);
            both *= CountContinuations(policy, after->team);
            following += both;
          }
          BigCount before = CountShared(policy, shared);
          before *= CountContinuations(policy, team);
          EXPECT_LE(following, before);
        }
      }
    }
  }
}

TEST(RecordsTest, OneTeamWithoutNoticesIsImprovements) {
  Policy records = Records(1, 20, 51, 10, 0, 1);
  Policy improvements = records;
  improvements.release.rule = ReleaseRule::kImprovements;
  EXPECT_EQ(CountShared(records, StartShared(records)),
            CountContinuations(improvements, StartState(improvements)));
  EXPECT_EQ(CountWorstCase(records).contest, CountWorstCase(improvements).contest);
}

TEST(RecordsTest, OtherRulesShareNothing) {
  Policy policy = Records(3, 20, 51, 10, 3, 1);
  for (const ReleaseRule rule : {ReleaseRule::kImprovements, ReleaseRule::kEveryScore}) {
    policy.release.rule = rule;
    EXPECT_EQ(StartShared(policy), SharedState());
    EXPECT_EQ(CountShared(policy, StartShared(policy)), BigCount(1));
    EXPECT_EQ(CountWorstCase(policy).shared, Bits{0});
  }
}

// CHANNEL.md section 1.11: of 50 teams a top 3 is 16.84 bits, a winner 5.64. Ours sums places that
// are each rounded up to a thousandth.
TEST(FinalBoardTest, MatchesThePublishedFigures) {
  Policy policy = Records(50, 20, 51, 10, 3, 1);
  policy.release.final_rule = FinalRule::kWinner;
  EXPECT_EQ(FinalWorstCase(policy).ToString(), "5.644");
  policy.release.final_rule = FinalRule::kTop3;
  EXPECT_EQ(FinalWorstCase(policy).ToString(), "16.844");
  policy.release.final_rule = FinalRule::kEveryTeam;
  EXPECT_EQ(FinalWorstCase(policy).thousandths, 50 * 5701);  // log2(52) = 5.70044
  policy.release.final_rule = FinalRule::kNone;
  EXPECT_EQ(FinalWorstCase(policy), Bits{0});
}

// Whoever many teams have a place, the charges cover the boards that are possible and stay within
// what was reserved.
TEST(FinalBoardTest, ChargesCoverEveryBoardAndStayWithinTheReservation) {
  for (const FinalRule rule :
       {FinalRule::kNone, FinalRule::kWinner, FinalRule::kTop3, FinalRule::kEveryTeam}) {
    Policy policy = Records(7, 20, 51, 10, 3, 1);
    policy.release.final_rule = rule;
    for (int teams = 0; teams <= 7; ++teams) {
      Bits charged{0};
      BigCount boards(1);
      for (int place = 1; place <= FinalPlaces(policy, teams); ++place) {
        charged += FinalCharge(policy, teams, place);
        boards *= rule == FinalRule::kEveryTeam ? 52 : static_cast<uint64_t>(teams - place + 1);
      }
      EXPECT_GE(charged, boards.CeilLog2());
      EXPECT_LE(charged, FinalWorstCase(policy));
    }
  }
}

TEST(ActsTest, ChargesAreTheLogOfTheChoices) {
  Policy policy = Records(3, 20, 51, 10, 3, 1);
  policy.rounds.count = 240;
  policy.rounds.max_shift = 1000;
  EXPECT_EQ(ShiftCharge(policy), BigCount(1 + 240 * 5 * 1000).CeilLog2());
  EXPECT_EQ(StartCharge(policy), BigCount(1 + 240 * 5).CeilLog2());
  EXPECT_EQ(CloseEarlyCharge(policy), BigCount(1 + 240 * 5).CeilLog2());
  EXPECT_EQ(TeamActCharge(policy), BigCount(1 + 240 * 5 * 3).CeilLog2());
  EXPECT_EQ(TightenCharge(policy), BigCount(1 + 240 * 5 * (20 + 10 + 3)).CeilLog2());
  EXPECT_EQ(StopCharge(policy), BigCount(1 + 240 * 2).CeilLog2());
}

// A kind of act: in how many ways it can be done in one round, and what it costs.
struct ActOfKind {
  int64_t ways;
  Bits charge;
};

// Sequences of acts in rounds from `round` on that `left` pays for; each may end with a stop, which
// is paid apart, in one of two ways.
double Sequences(const std::vector<ActOfKind>& kinds, int64_t rounds, Bits left, int64_t round) {
  double count = 1 + 2 * static_cast<double>(rounds - round + 1);
  for (const ActOfKind& kind : kinds) {
    if (kind.charge > left) continue;
    for (int64_t at = round; at <= rounds; ++at)
      count += static_cast<double>(kind.ways) * Sequences(kinds, rounds, left - kind.charge, at);
  }
  return count;
}

TEST(ActsTest, TheBitsCoverEverySequenceThatTheyPayFor) {
  bool without_kinds_too_few = false;
  for (const int64_t rounds : {1, 2, 5}) {
    for (const int max_shift : {1, 3}) {
      for (const int teams : {1, 3}) {
        Policy policy = Records(teams, 20, 51, 10, 3, 1);
        policy.rounds.count = rounds;
        policy.rounds.max_shift = max_shift;
        const std::vector<ActOfKind> kinds = {{max_shift, ShiftCharge(policy)},
                                              {1, StartCharge(policy)},
                                              {1, CloseEarlyCharge(policy)},
                                              {teams, TeamActCharge(policy)},
                                              {WaysToLower(policy), TightenCharge(policy)}};
        std::vector<ActOfKind> cheap = kinds;
        for (ActOfKind& kind : cheap)
          kind.charge = BigCount(static_cast<uint64_t>(1 + rounds * kind.ways)).CeilLog2();
        for (int64_t acts = 0; acts <= 12'000; acts += 250) {
          const Bits all = Bits{acts} + StopCharge(policy);
          const double most = std::exp2(static_cast<double>(all.thousandths) / 1000);
          EXPECT_LE(Sequences(kinds, rounds, Bits{acts}, 1), most)
              << rounds << " rounds, " << max_shift << ", " << teams << ": " << acts;
          const double by_cheap = acts <= 6'000 ? Sequences(cheap, rounds, Bits{acts}, 1) : 0;
          without_kinds_too_few = without_kinds_too_few || by_cheap > most;
        }
      }
    }
  }
  EXPECT_TRUE(without_kinds_too_few) << "which kind it is need not be charged";
}

}  // namespace
}  // namespace pinhole::counting
