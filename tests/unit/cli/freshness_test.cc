#include "client/cli/freshness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ledger_builder.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::DemoPolicy;
using ::pinhole::testing::LedgerBuilder;

constexpr int64_t kOriginMs = 1'000'000'000;
constexpr int64_t kRoundMs = 15'000;

LedgerBuilder Ledger(int rounds) {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(DemoPolicy());
  for (int i = 0; i < rounds; ++i) ledger.Round();
  return ledger;
}

TEST(Freshness, FollowsTheClock) {
  struct Case {
    const char* name;
    int rounds;  // in the ledger
    int64_t now_ms;
    int64_t expected;  // 0: fresh
  };
  for (const Case& c : {
           Case{"before_round_one", 0, kOriginMs - 1'000'000, 0},
           Case{"in_round_one", 0, kOriginMs + 14'999, 0},
           Case{"handover_of_round_one", 0, kOriginMs + kRoundMs + kHandoverMs - 1, 0},
           Case{"round_one_is_due", 0, kOriginMs + kRoundMs + kHandoverMs, 1},
           Case{"round_one_is_there", 1, kOriginMs + kRoundMs + kHandoverMs, 0},
           Case{"ahead_of_the_clock", 4, kOriginMs + kRoundMs + kHandoverMs, 0},
           Case{"long_silence", 2, kOriginMs + 100 * kRoundMs + kHandoverMs, 100},
           Case{"never_more_than_there_are", 2, kOriginMs + 9999 * kRoundMs, 240},
       }) {
    SCOPED_TRACE(c.name);
    const LedgerBuilder ledger = Ledger(c.rounds);
    const std::optional<Lateness> late = FindLateness(ledger.contest(), c.now_ms);
    EXPECT_EQ(late.has_value() ? late->expected_round : 0, c.expected);
    if (late.has_value()) {
      EXPECT_EQ(late->last_round, c.rounds);
      EXPECT_EQ(late->due_ms, kOriginMs + (c.rounds + 1) * kRoundMs);
    }
  }
}

TEST(Freshness, AShiftMovesWhatIsDue) {
  LedgerBuilder ledger = Ledger(1);
  ledger.Shift(10);
  EXPECT_FALSE(FindLateness(ledger.contest(), kOriginMs + 12 * kRoundMs + kHandoverMs - 1));
  EXPECT_TRUE(FindLateness(ledger.contest(), kOriginMs + 12 * kRoundMs + kHandoverMs));
}

TEST(Freshness, AClosedContestIsNeverLate) {
  LedgerBuilder ledger = Ledger(1);
  ledger.CloseEarly();
  ledger.Round();
  ledger.Close();
  EXPECT_FALSE(FindLateness(ledger.contest(), kOriginMs + 100 * kRoundMs));
}

TEST(Freshness, IsSaidWithTheTimeItWasDue) {
  const LedgerBuilder ledger = Ledger(2);
  const std::optional<Lateness> late =
      FindLateness(ledger.contest(), kOriginMs + 9 * kRoundMs + kHandoverMs);
  ASSERT_TRUE(late.has_value());
  EXPECT_THAT(LatenessText(ledger.contest(), *late, absl::UTCTimeZone()),
              ::testing::StartsWith("LEDGER IS LATE: round 3 of demo was due 1970-01-12 13:47:25 "
                                    "UTC, the newest round shown is 2."));
}

}  // namespace
}  // namespace pinhole::cli
