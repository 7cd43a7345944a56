// The vault's end of a contest: acts that the organizer signed, a stop when no SHIFT can be paid,
// and the final board from levels that stayed sealed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/counting/acts.h"
#include "tests/unit/vault/vault_world.h"

namespace pinhole::vault {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kOrigin = 1'000'000'000;  // of round 1, LedgerBuilder's

std::vector<std::string> Types(World& world, int64_t first) {
  std::vector<std::string> types;
  const auto entries = world.vault().ledger().Entries(first, world.vault().ledger().size() - first);
  EXPECT_TRUE(entries.ok()) << entries.status();
  if (!entries.ok()) return types;
  for (const std::string& entry : *entries) types.emplace_back(log::EntryType(entry));
  return types;
}

// All four runs end: ada's with levels 20 and 10, bob's with 30 and 40; final levels are given.
void RunAll(World& world, const std::vector<int>& final_levels) {
  const std::vector<int> reached = {20, 10, 30, 40};
  const std::vector<DueRun> due = *world.vault().DueRuns();
  ASSERT_EQ(due.size(), 4u);
  for (size_t run = 0; run < due.size(); ++run) {
    ASSERT_TRUE(world.vault()
                    .CommitRun(due[run].admit, AnswerOf(reached[run], final_levels[run]), {})
                    .ok());
  }
  ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
}

void ToTheEnd(World& world) {
  while (world.vault().state().Open() != nullptr) {
    ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  }
}

TEST(FinalBoard, IsByTheSealedLevelsOfTheBestShownSubmissions) {
  World world([](contest::Policy& policy) {
    policy.rounds.count = 5;
    policy.release.final_rule = contest::FinalRule::kTop3;
  });
  world.JoinAndSubmit();
  // On the board ada leads with her second program; on the final rows bob's shown one is better,
  // and programs that were not shown do not count, whatever they reached.
  RunAll(world, {0, 25, 24, 0});
  ToTheEnd(world);
  const replay::Contest& contest = *world.vault().state().Find("demo");
  ASSERT_EQ(contest.finals.size(), 2u);
  EXPECT_EQ(contest.finals[0].team, 2);
  EXPECT_EQ(contest.finals[1].team, 1);
  EXPECT_EQ(contest.finals[1].admit, contest.teams[0].admissions[1]);
}

TEST(FinalBoard, EveryTeamShowsItsLevelOrWorse) {
  World world([](contest::Policy& policy) {
    policy.rounds.count = 5;
    policy.release.final_rule = contest::FinalRule::kEveryTeam;
  });
  world.JoinAndSubmit();
  RunAll(world, {0, 12, 51, 0});
  ToTheEnd(world);
  const replay::Contest& contest = *world.vault().state().Find("demo");
  ASSERT_EQ(contest.finals.size(), 2u);
  EXPECT_EQ(contest.finals[0].text, "0.86");
  EXPECT_EQ(contest.finals[1].text, "WORSE");
}

// Nothing of the final rows is in the ledger before the end: other final levels, same bytes.
TEST(FinalBoard, LeavesNoTraceBeforeTheEnd) {
  std::vector<std::string> ledgers;
  for (const std::vector<int>& levels : {std::vector<int>{0, 1, 2, 3}, {51, 50, 49, 48}}) {
    World world(
        [](contest::Policy& policy) { policy.release.final_rule = contest::FinalRule::kWinner; });
    world.JoinAndSubmit();
    RunAll(world, levels);
    ledgers.push_back(world.Ledger());
  }
  EXPECT_EQ(ledgers[0], ledgers[1]);
}

TEST(Stop, EndsAContestThatCannotMoveAndFreesTheVault) {
  World world([](contest::Policy& policy) { policy.rounds.max_shift = 2; });
  world.JoinAndSubmit();
  const int64_t before = world.vault().ledger().size();
  // Later than two rounds can say.
  ASSERT_TRUE(world.vault().CatchUp(kOrigin + 100 * 15'000).ok());
  EXPECT_THAT(Types(world, before), ElementsAre("ACT", "CLOSE"));
  EXPECT_EQ(world.vault().state().Open(), nullptr);
  const replay::Contest& contest = *world.vault().state().Find("demo");
  EXPECT_TRUE(contest.stopped);
  EXPECT_LE(contest.Used(), contest.policy.contest);
  EXPECT_EQ(world.vault().state().account().reserved, counting::Bits{0});
  EXPECT_TRUE(world.vault().DueRuns()->empty());
  // The vault goes on.
  EXPECT_TRUE(world.vault().CatchUp(kOrigin + 101 * 15'000).ok());
  EXPECT_TRUE(world.vault().Exchange(ExchangeKind::kIdle, {}, kOrigin).ok());
}

TEST(Stop, IsNotNeededWhileAShiftCanSayIt) {
  World world([](contest::Policy& policy) { policy.rounds.max_shift = 1000; });
  world.JoinAndSubmit();
  const int64_t before = world.vault().ledger().size();
  ASSERT_TRUE(world.vault().CatchUp(kOrigin + 100 * 15'000).ok());
  EXPECT_THAT(Types(world, before), ElementsAre("SHIFT"));
}

// Bits for so many starts beside a stop.
void PayForStarts(contest::Policy& policy, int starts) {
  policy.release.acts_thousandths =
      (counting::StartCharge(policy) * starts + counting::StopCharge(policy)).thousandths;
}

TEST(Start, IsPaidByTheOpenContestOnceSomethingIsAdmitted) {
  World world([](contest::Policy& policy) { PayForStarts(policy, 2); });
  const auto used = [&world] { return world.vault().state().Find("demo")->acts_used; };
  ASSERT_TRUE(world.vault().Start(Sha256("a build"), log::Nonce{8}).ok());
  EXPECT_EQ(used(), counting::Bits{0});
  world.JoinAndSubmit();
  ASSERT_TRUE(world.vault().Start(Sha256("a build"), log::Nonce{9}).ok());
  EXPECT_EQ(used(), counting::StartCharge(world.vault().state().Open()->policy.policy));
  EXPECT_EQ(world.vault().DueRuns()->size(), 4u) << "the round goes on";
}

TEST(Start, ThatCannotBePaidStopsTheContestAndTheVaultServes) {
  World world([](contest::Policy& policy) { PayForStarts(policy, 1); });
  world.JoinAndSubmit();
  ASSERT_TRUE(world.vault().Start(Sha256("a build"), log::Nonce{8}).ok());
  const int64_t before = world.vault().ledger().size();
  ASSERT_TRUE(world.vault().Start(Sha256("a build"), log::Nonce{9}).ok());
  EXPECT_THAT(Types(world, before), ElementsAre("START", "ACT", "CLOSE"));
  EXPECT_EQ(world.vault().state().Open(), nullptr);
  const replay::Contest& contest = *world.vault().state().Find("demo");
  EXPECT_TRUE(contest.stopped);
  EXPECT_LE(contest.Used(), contest.policy.contest);
  EXPECT_TRUE(world.vault().DueRuns()->empty());
  // Without a contest it costs nothing and goes on.
  ASSERT_TRUE(world.vault().Start(Sha256("a build"), log::Nonce{10}).ok());
  EXPECT_TRUE(world.vault().CatchUp(kOrigin + 101 * 15'000).ok());
  EXPECT_TRUE(world.vault().Exchange(ExchangeKind::kIdle, {}, kOrigin).ok());
}

log::ActEntry Act(World& world, log::ActKind kind, int team,
                  std::optional<int> value = std::nullopt) {
  const replay::Contest& contest = *world.vault().state().Find("demo");
  log::ActEntry act{.contest = "demo", .kind = kind, .team = team, .value = value};
  act.signature = testing::TestKey(1).Sign(log::ActStatement(act, contest.acts));
  return act;
}

TEST(Acts, AreTakenInTheNextExchangeAtTheirCharge) {
  World world;
  world.JoinAndSubmit();
  const log::ActEntry act = Act(world, log::ActKind::kDisqualify, 2);
  ASSERT_TRUE(world.proposals().Add(ProposalKind::kAct, "demo", log::Encode(act)->bytes()).ok());
  ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  const replay::Contest& contest = *world.vault().state().Find("demo");
  EXPECT_TRUE(contest.teams[1].disqualified);
  EXPECT_GT(contest.acts_used, counting::Bits{0});
  ASSERT_EQ(world.vault().settled().size(), 1u);
  EXPECT_EQ(world.vault().settled()[0].state, ProposalState::kAppended);
}

TEST(Acts, ThatCannotBeAreRefusedAndTheRoundGoesOn) {
  World world;
  world.JoinAndSubmit();
  log::ActEntry forged = Act(world, log::ActKind::kDisqualify, 2);
  forged.team = 1;
  for (const log::ActEntry& act : {forged, Act(world, log::ActKind::kReinstate, 1)}) {
    ASSERT_TRUE(world.proposals().Add(ProposalKind::kAct, "demo", log::Encode(act)->bytes()).ok());
  }
  const int64_t rounds = world.vault().state().Find("demo")->last_round;
  ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  ASSERT_EQ(world.vault().settled().size(), 2u);
  for (const SettledProposal& settled : world.vault().settled()) {
    EXPECT_EQ(settled.state, ProposalState::kRefused);
  }
  EXPECT_EQ(world.vault().state().Find("demo")->last_round, rounds + 1);
  EXPECT_EQ(world.vault().state().Find("demo")->acts, 0);
}

TEST(Acts, ALimitIsLoweredFromTheNextExchangeOn) {
  World world;
  world.JoinAndSubmit();
  const log::ActEntry act = Act(world, log::ActKind::kLowerShownScores, 0, 1);
  ASSERT_TRUE(world.proposals().Add(ProposalKind::kAct, "demo", log::Encode(act)->bytes()).ok());
  // ada's two runs reach levels 20 and 10: both are shown in this exchange.
  RunAll(world, {0, 0, 0, 0});
  const replay::Contest& contest = *world.vault().state().Find("demo");
  ASSERT_EQ(world.vault().settled().size(), 1u);
  EXPECT_EQ(world.vault().settled()[0].state, ProposalState::kAppended);
  EXPECT_EQ(contest.acts_used, counting::TightenCharge(contest.policy.policy));
  EXPECT_EQ(contest.teams[0].shown.size(), 2u);
  EXPECT_EQ(contest.teams[0].state.scores, 0);
  EXPECT_EQ(contest.teams[1].state.scores, 0);
}

TEST(Choices, AreTakenWithTheExchangeAndJudgeAtTheEnd) {
  World world([](contest::Policy& policy) {
    policy.rounds.count = 5;
    policy.release.final_rule = contest::FinalRule::kEveryTeam;
  });
  world.JoinAndSubmit();
  // ada's first reaches 20 and 7 of the final rows, her second 10 and 25.
  RunAll(world, {7, 25, 24, 0});
  const replay::Contest& contest = *world.vault().state().Find("demo");
  const auto choose = [&](uint8_t key, std::optional<int64_t> admit) {
    return Arrived{.request = pipe::SignChoose(testing::TestKey(key),
                                               {.contest = "demo", .team = 1, .admit = admit})};
  };
  const int64_t first = contest.teams[0].admissions[0];
  // Somebody else's key chooses nothing, and the exchange goes on.
  ASSERT_TRUE(world.vault()
                  .Exchange(ExchangeKind::kRound, {choose(11, first), choose(10, first)}, kOrigin)
                  .ok());
  EXPECT_EQ(contest.teams[0].choice, first);
  EXPECT_EQ(contest.teams[0].choices, 1);
  ToTheEnd(world);
  const replay::Contest& closed = *world.vault().state().Find("demo");
  ASSERT_EQ(closed.finals.size(), 2u);
  EXPECT_EQ(closed.finals[0].admit, first);
  EXPECT_EQ(closed.finals[0].level, 7);
}

// A proposal that is no entry at all ends the exchange. What was appended before it is undone, and
// the error is its own.
TEST(Acts, AreUndoneWithTheExchangeThatFails) {
  World world;
  world.JoinAndSubmit();
  const log::ActEntry act = Act(world, log::ActKind::kDisqualify, 2);
  ASSERT_TRUE(world.proposals().Add(ProposalKind::kAct, "demo", log::Encode(act)->bytes()).ok());
  const absl::StatusOr<int64_t> broken =
      world.proposals().Add(ProposalKind::kPolicy, "other", "no entry");
  ASSERT_TRUE(broken.ok());
  const std::string before = world.Ledger();
  EXPECT_EQ(world.vault().Exchange(ExchangeKind::kRound, {}, kOrigin).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world.Ledger(), before);
  EXPECT_FALSE(world.vault().state().Find("demo")->teams[1].disqualified);
  ASSERT_TRUE(world.proposals().Withdraw(*broken).ok());
  ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  EXPECT_TRUE(world.vault().state().Find("demo")->teams[1].disqualified);
}

}  // namespace
}  // namespace pinhole::vault
