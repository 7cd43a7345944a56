// Rounds by the clock, places in the queue, and how far to move after a stop.
#include <gtest/gtest.h>

#include "server/core/schedule/catch_up.h"
#include "server/core/schedule/round_clock.h"
#include "server/core/schedule/run_queue.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::schedule {
namespace {

const contest::Rounds kRounds = {.origin_ms = 100'000,
                                 .length_ms = 10'000,
                                 .run_window_ms = 8'000,
                                 .count = 100,
                                 .lanes = 1,
                                 .max_shift = 50};

TEST(RoundClock, CutsTimeIntoRounds) {
  const RoundClock clock(kRounds, 0);
  struct Case {
    int64_t now;
    int64_t round;
  };
  for (const Case& c : {Case{100'000, 1}, Case{109'999, 1}, Case{110'000, 2}, Case{99'999, 0},
                        Case{90'000, 0}, Case{89'999, -1}}) {
    EXPECT_EQ(clock.RoundAt(c.now), c.round) << c.now;
  }
  for (int64_t round = -3; round < 50; ++round) {
    EXPECT_EQ(clock.RoundAt(clock.StartMs(round)), round);
    EXPECT_EQ(clock.RoundAt(clock.EndMs(round) - 1), round);
    EXPECT_EQ(clock.ExchangeMs(round) - clock.StartMs(round), 8'000);
  }
  EXPECT_EQ(RoundClock(kRounds, 3).StartMs(1), clock.StartMs(4));
}

TEST(RunQueue, FillsRoundsInOrder) {
  contest::Policy policy = testing::DemoPolicy();
  policy.rounds.lanes = 2;  // 12 s window, 10 s wall: one run a lane
  RunQueue queue(policy);
  std::vector<int64_t> rounds;
  for (const int64_t now : {5, 5, 5, 5, 5, 6, 20}) rounds.push_back(queue.Take(now));
  EXPECT_EQ(rounds, (std::vector<int64_t>{6, 6, 7, 7, 8, 8, 21}));
  EXPECT_EQ(queue.Peek(20), 21);
  EXPECT_EQ(Capacity(policy), 2 * 239);
}

TEST(RoundsToShift, LeavesTheDueRoundWholeAndInTheFuture) {
  const RoundClock clock(kRounds, 0);
  for (const RunsDue due : {RunsDue::kNone, RunsDue::kSome}) {
    for (int64_t now = 90'000; now < 260'000; now += 250) {
      const int64_t moved = RoundsToShift(clock, 3, due, now);
      const RoundClock after(kRounds, moved);
      const int64_t needed = due == RunsDue::kSome ? after.StartMs(3) : after.ExchangeMs(3);
      EXPECT_GE(needed + 250, now);
      // And not a round further than needed.
      if (moved > 0) {
        EXPECT_LT(needed + 250 - kRounds.length_ms, now);
      }
    }
  }
  EXPECT_EQ(RoundsToShift(clock, 3, RunsDue::kNone, clock.ExchangeMs(3)), 0);
  EXPECT_EQ(RoundsToShift(clock, 3, RunsDue::kSome, clock.StartMs(3) + 1000), 1);
}

}  // namespace
}  // namespace pinhole::schedule
