// A team chooses which of its submissions the final board judges it by: signed, counted by nobody,
// and from the ledger alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/replay/ledger_state.h"
#include "server/core/replay/requests_check.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::replay {
namespace {

using ::testing::HasSubstr;
using testing::LedgerBuilder;

// Red was shown 1 and then 0.95; a third submission waits. Blue was shown 0.975.
struct Scene {
  explicit Scene(contest::FinalRule rule = contest::FinalRule::kTop3) {
    contest::Policy policy = testing::DemoPolicy();
    policy.release.final_rule = rule;
    policy.rounds.count = 9;
    ledger.Start();
    ledger.Dataset();
    ledger.OpenContest(policy);
    ledger.Join("red");
    ledger.Join("blue");
    first = ledger.Admit("red", 40);
    ledger.EndRound();
    ledger.Release();
    better = ledger.Admit("red", 30);
    of_blue = ledger.Admit("blue", 35);
    ledger.EndRound();
    ledger.Round();
    ledger.Release();
    worse = ledger.Admit("red", 45);
    waiting = ledger.Admit("red", 20);
    ledger.EndRound();
  }
  const Team& Red() const { return *ledger.contest().FindTeam("red"); }
  pipe::ChooseRequest Request(std::optional<int64_t> admit) const {
    return pipe::SignChoose(
        ledger.TeamKey("red"),
        {.contest = "demo", .team = 1, .admit = admit, .number = Red().choices});
  }
  std::string Refusal(std::optional<int64_t> admit) const {
    return std::string(PlanChoice(ledger.state(), Request(admit)).status().message());
  }
  void ToTheEnd() {
    while (ledger.contest().last_round < 9) ledger.Round();
    ledger.Final();
    ledger.Close();
  }
  LedgerBuilder ledger;
  int64_t first = 0;
  int64_t better = 0;
  int64_t of_blue = 0;
  int64_t worse = 0;
  int64_t waiting = 0;
};

TEST(Choice, WithoutOneTheBestShownJudges) {
  Scene scene;
  EXPECT_EQ(scene.Red().JudgedBy(), scene.better);
}

TEST(Choice, IsWhatTheFinalBoardJudgesBy) {
  Scene scene;
  scene.ledger.Release();
  scene.ledger.Choose("red", scene.first);
  scene.ledger.EndRound();
  EXPECT_EQ(scene.Red().JudgedBy(), scene.first);
  scene.ToTheEnd();
  const std::vector<log::FinalEntry>& finals = scene.ledger.contest().finals;
  ASSERT_EQ(finals.size(), 2u);
  // A run's final level is its public one here: with its first submission red is behind blue.
  EXPECT_EQ(finals[0].admit, scene.of_blue);
  EXPECT_EQ(finals[1].admit, scene.first);
}

TEST(Choice, ChangesNoCharge) {
  Scene with;
  Scene without;
  with.ledger.Release();
  without.ledger.Release();
  with.ledger.Choose("red", with.first);
  with.ledger.EndRound();
  without.ledger.EndRound();
  with.ToTheEnd();
  without.ToTheEnd();
  EXPECT_EQ(with.ledger.contest().Used(), without.ledger.contest().Used());
}

TEST(Choice, OfASubmissionThatWaitsCountsOnceItsScoreIsShown) {
  Scene scene;
  scene.ledger.Choose("red", scene.waiting);
  EXPECT_EQ(scene.Red().JudgedBy(), scene.better);
  scene.ledger.Round();
  scene.ledger.Round();
  EXPECT_EQ(scene.Red().best_admit, scene.waiting);
  EXPECT_EQ(scene.Red().JudgedBy(), scene.waiting);
}

TEST(Choice, OfASubmissionThatShowsNoScoreLeavesTheBest) {
  Scene scene;
  scene.ledger.Choose("red", scene.worse);
  scene.ledger.Round();
  scene.ledger.Round();
  EXPECT_EQ(scene.Red().choice, scene.worse);
  EXPECT_EQ(scene.Red().JudgedBy(), scene.waiting) << "the worse one was NOT_IMPROVED";
}

TEST(Choice, CanBeTakenBack) {
  Scene scene;
  scene.ledger.Choose("red", scene.first);
  scene.ledger.Round();
  scene.ledger.Choose("red", std::nullopt);
  EXPECT_EQ(scene.Red().JudgedBy(), scene.better);
}

TEST(Choice, IsPossibleWhileTheContestCloses) {
  Scene scene;
  scene.ledger.CloseEarly();
  scene.ledger.Choose("red", scene.first);
  EXPECT_EQ(scene.Red().JudgedBy(), scene.first);
}

TEST(Choice, RefusalsSayWhatToDo) {
  Scene scene;
  EXPECT_THAT(scene.Refusal(scene.of_blue), HasSubstr("only a submission of this team"));
  EXPECT_THAT(scene.Refusal(0), HasSubstr("only a submission of this team"));
  EXPECT_THAT(scene.Refusal(1 << 20), HasSubstr("only a submission of this team"));
  EXPECT_THAT(scene.Refusal(std::nullopt), HasSubstr("stands already"));
  EXPECT_EQ(scene.Refusal(scene.first), "");
  const pipe::ChooseRequest old = scene.Request(scene.first);
  scene.ledger.Choose("red", scene.first);
  EXPECT_THAT(scene.Refusal(scene.better), HasSubstr("in this exchange"));
  scene.ledger.Round();
  EXPECT_THAT(scene.Refusal(scene.first), HasSubstr("stands already"));
  // Signed before another choice was taken: it serves once.
  EXPECT_THAT(std::string(PlanChoice(scene.ledger.state(), old).status().message()),
              HasSubstr("another state of the ledger"));
  scene.ledger.ActOnTeam(log::ActKind::kDisqualify, "red");
  EXPECT_THAT(scene.Refusal(scene.better), HasSubstr("disqualified"));

  const Scene without(contest::FinalRule::kNone);
  EXPECT_THAT(without.Refusal(without.first), HasSubstr("no final board"));
}

// Whatever a plan says, the fold judges by itself.
TEST(Choice, WrongEntriesAreRefused) {
  Scene scene;
  const auto refusal = [&](std::optional<int64_t> admit, int team, uint8_t key, int64_t number) {
    const log::ChoiceEntry entry{
        .contest = "demo",
        .round = scene.ledger.contest().NextRound(),
        .team = team,
        .admit = admit,
        .signature = testing::TestKey(key).Sign(log::ChoiceStatement("demo", team, admit, number))};
    LedgerState state = scene.ledger.state();
    return std::string(state.Apply(log::Encode(entry)->bytes()).message());
  };
  EXPECT_EQ(refusal(scene.first, 1, 10, 0), "");
  EXPECT_THAT(refusal(scene.first, 1, 11, 0), HasSubstr("signed by its team"));
  EXPECT_THAT(refusal(scene.first, 1, 10, 1), HasSubstr("signed by its team"));
  EXPECT_THAT(refusal(scene.first, 2, 11, 0), HasSubstr("of its own"));
  EXPECT_THAT(refusal(scene.first, 9, 10, 0), HasSubstr("must name a team"));
  EXPECT_THAT(refusal(std::nullopt, 1, 10, 0), HasSubstr("another than the one before"));
}

}  // namespace
}  // namespace pinhole::replay
