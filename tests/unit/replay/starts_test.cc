// What a START costs, where it may stand, and what follows one that cannot be paid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/counting/acts.h"
#include "server/core/replay/ledger_state.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::replay {
namespace {

using counting::Bits;
using ::testing::HasSubstr;
using testing::LedgerBuilder;

// One team, after round 1, with bits for `starts` starts beside the stop.
LedgerBuilder Opened(int starts) {
  contest::Policy policy = testing::DemoPolicy();
  policy.rounds.count = 12;
  policy.release.acts_thousandths =
      (counting::StartCharge(policy) * starts + counting::StopCharge(policy)).thousandths;
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(policy);
  ledger.Join("red");
  ledger.EndRound();
  return ledger;
}

std::string Refused(const LedgerBuilder& ledger, Bits charge) {
  LedgerState state = ledger.state();
  log::StartEntry start{.previous_size = state.size(), .charge = charge};
  start.nonce.fill(77);
  return std::string(state.Apply(log::Encode(start)->bytes()).message());
}

Bits ChargeOf(const LedgerBuilder& ledger) {
  return counting::StartCharge(ledger.contest().policy.policy);
}

TEST(Starts, AreFreeUntilAProgramIsAdmitted) {
  LedgerBuilder ledger = Opened(1);
  EXPECT_THAT(Refused(ledger, ChargeOf(ledger)), HasSubstr("START costs"));
  for (uint8_t i = 10; i < 15; ++i) ledger.Start(i);
  EXPECT_EQ(ledger.contest().acts_used, Bits{0});
  ledger.Admit("red", 30);
  ledger.EndRound();
  EXPECT_THAT(Refused(ledger, Bits{0}), HasSubstr("START costs"));
  ledger.Start(20);
  EXPECT_EQ(ledger.contest().acts_used, ChargeOf(ledger));
  EXPECT_EQ(ledger.contest().starts, 1);
}

TEST(Starts, CostTheSameWhateverTheyFollow) {
  LedgerBuilder ledger = Opened(5);
  ledger.Admit("red", 30);
  ledger.EndRound();
  ledger.Start(20);
  ledger.Start(21);
  ledger.Round();
  ledger.Admit("red", 20);
  ledger.CloseEarly();  // closing, and a result is due
  ledger.EndRound();
  ledger.Start(22);
  EXPECT_EQ(ledger.contest().starts, 3);
  EXPECT_EQ(ledger.contest().acts_used,
            ChargeOf(ledger) * 3 + counting::CloseEarlyCharge(ledger.contest().policy.policy));
}

TEST(Starts, BeyondTheBitsAreFollowedByAStop) {
  LedgerBuilder ledger = Opened(1);
  ledger.Admit("red", 30);
  ledger.EndRound();
  ledger.Start(20);
  EXPECT_THAT(Refused(ledger, ChargeOf(ledger)), HasSubstr("START costs")) << "not payable";
  LedgerState state = ledger.state();
  log::StartEntry start{.previous_size = state.size()};
  ASSERT_TRUE(state.Apply(log::Encode(start)->bytes()).ok());
  // Neither the due result, nor another start, nor the end without a stop.
  const auto refused = [&state](const std::string& bytes) {
    LedgerState copy = state;
    return std::string(copy.Apply(bytes).message());
  };
  LedgerBuilder released = ledger;
  released.Release();
  EXPECT_THAT(refused(released.entries().back()), HasSubstr("nothing but a stop"));
  log::StartEntry again{.previous_size = state.size()};
  again.nonce.fill(1);
  EXPECT_THAT(refused(log::Encode(again)->bytes()), HasSubstr("nothing but a stop"));
  const Contest& contest = *state.Open();
  const auto close = log::Encode(
      log::CloseEntry{.contest = "demo", .round = contest.last_round, .used = contest.Used()});
  EXPECT_THAT(refused(close->bytes()), HasSubstr("nothing but a stop"));
  const auto stop =
      log::Encode(log::ActEntry{.contest = "demo",
                                .round = contest.NextRound(),
                                .kind = log::ActKind::kStop,
                                .charge = counting::StopCharge(contest.policy.policy)});
  ASSERT_TRUE(state.Apply(stop->bytes()).ok());
  EXPECT_LE(contest.acts_used, Bits{contest.policy.policy.release.acts_thousandths});
  // Then only CLOSE, not another start.
  EXPECT_THAT(refused(log::Encode(again)->bytes()), HasSubstr("size it found"));
  again.previous_size = state.size();
  EXPECT_THAT(refused(log::Encode(again)->bytes()), HasSubstr("last round and its CLOSE"));
  const auto end = log::Encode(
      log::CloseEntry{.contest = "demo", .round = contest.last_round, .used = contest.Used()});
  ASSERT_TRUE(state.Apply(end->bytes()).ok());
  again.previous_size = state.size();
  EXPECT_EQ(refused(log::Encode(again)->bytes()), "") << "free without a contest";
}

TEST(Starts, StandBetweenTwoRounds) {
  LedgerBuilder ledger = Opened(5);
  ledger.Admit("red", 30);
  EXPECT_THAT(Refused(ledger, ChargeOf(ledger)), HasSubstr("between two rounds"));
  while (ledger.contest().last_round < 11) ledger.EndRound(), ledger.Release();
  ledger.EndRound();
  EXPECT_THAT(Refused(ledger, ChargeOf(ledger)), HasSubstr("last round and its CLOSE"));
}

}  // namespace
}  // namespace pinhole::replay
