// A running contest's limits may be lowered, from the next exchange on, and nothing else of its
// policy changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "server/core/counting/acts.h"
#include "server/core/replay/board.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/replay/requests_check.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::replay {
namespace {

using ::testing::HasSubstr;
using testing::LedgerBuilder;

contest::Policy PolicyOf(contest::ReleaseRule rule) {
  contest::Policy policy = testing::DemoPolicy();
  policy.release.rule = rule;
  policy.release.waiting = 3;
  if (rule == contest::ReleaseRule::kEveryScore)
    policy.release.shown_scores = policy.release.shown_failures = 0;
  policy.rounds.count = 60;
  return policy;
}

LedgerBuilder Opened(contest::ReleaseRule rule = contest::ReleaseRule::kImprovements) {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(PolicyOf(rule));
  ledger.Join("red");
  ledger.EndRound();
  return ledger;
}

absl::Status WouldAdmit(const LedgerBuilder& ledger, std::string_view team) {
  return PlanAdmit(ledger.state(),
                   ledger.Request(team, absl::StrFormat("program of %d", ledger.state().size())),
                   Digest{})
      .status();
}

std::string LastText(const LedgerBuilder& ledger) {
  const Team& team = *ledger.contest().FindTeam("red");
  std::string text;
  for (const int64_t admit : team.admissions) {
    const Admission& admission = ledger.contest().admissions.at(admit);
    if (admission.result.has_value()) text = admission.result->text;
  }
  return text;
}

TEST(Tighten, CountsFromTheNextExchangeOn) {
  LedgerBuilder ledger = Opened();
  ledger.Lower(log::ActKind::kLowerTries, 1);
  EXPECT_EQ(ledger.contest().limits.tries, 20) << "this exchange goes on as announced";
  ledger.Admit("red", 40);
  ledger.Admit("red", 30);
  ledger.EndRound();
  EXPECT_EQ(ledger.contest().limits.tries, 1);
  EXPECT_THAT(std::string(WouldAdmit(ledger, "red").message()),
              HasSubstr("2 were used, and the organizer lowered them to 1"));
  EXPECT_EQ(MakeBoard(ledger.contest())[0].tries_left, 0);
  // What was admitted keeps its result, as every ADMIT does.
  ledger.Round();
  ledger.Round();
  EXPECT_TRUE(ledger.contest().due.empty());
  EXPECT_EQ(LastText(ledger), "0.95");
  EXPECT_EQ(ledger.contest().FindTeam("red")->state.tries, 0);
}

TEST(Tighten, NoScoresAreShownBeyondTheLowerLimit) {
  LedgerBuilder ledger = Opened();
  ledger.Admit("red", 40);
  ledger.EndRound();
  ledger.Release();
  ASSERT_EQ(LastText(ledger), "1");
  ledger.Lower(log::ActKind::kLowerShownScores, 1);
  ledger.Lower(log::ActKind::kLowerShownFailures, 0);
  ledger.Admit("red", 10);
  ledger.EndRound();
  EXPECT_EQ(ledger.contest().FindTeam("red")->state,
            (counting::TeamState{.tries = 19, .levels = 40, .scores = 0, .failures = 0}));
  ledger.Round();
  EXPECT_EQ(LastText(ledger), "NOT_IMPROVED") << "better, but all that may be shown was shown";
  ledger.Admit("red", std::nullopt);
  ledger.EndRound();
  ledger.Round();
  EXPECT_EQ(LastText(ledger), "NOT_IMPROVED") << "no notice of a failure is left";
}

TEST(Tighten, CostsWhatItCanTellAndGivesBackWhatIsNotUsed) {
  LedgerBuilder ledger = Opened();
  const contest::Policy& policy = ledger.contest().policy.policy;
  ledger.Lower(log::ActKind::kLowerTries, 0);
  ledger.EndRound();
  EXPECT_EQ(ledger.contest().acts_used, counting::TightenCharge(policy));
  EXPECT_EQ(ledger.contest().charged, counting::Bits{}) << "giving up what could follow is free";
  EXPECT_EQ(ledger.contest().FindTeam("red")->left, counting::Bits{});
  // A team that joins later has no more than the others, and reserves what was planned for it.
  ledger.Release();
  ledger.Join("blue");
  ledger.EndRound();
  EXPECT_EQ(ledger.contest().FindTeam("blue")->state.tries, 0);
  EXPECT_EQ(ledger.contest().FindTeam("blue")->entry.reserved, ledger.contest().policy.team);
}

TEST(Tighten, OfRecordsLowersWhatAllTeamsShare) {
  LedgerBuilder ledger = Opened(contest::ReleaseRule::kRecords);
  ledger.Admit("red", 40);
  ledger.EndRound();
  ledger.Release();
  ledger.Lower(log::ActKind::kLowerTries, 5);
  ledger.Lower(log::ActKind::kLowerShownScores, 2);
  ledger.EndRound();
  // 4 tries of red, 5 of each of two teams that may still join; one record of two was shown.
  EXPECT_EQ(ledger.contest().shared,
            (counting::SharedState{.tries = 14, .levels = 40, .scores = 1}));
}

TEST(Tighten, CanOnlyLowerAndOnlySigned) {
  LedgerBuilder ledger = Opened();
  const contest::Policy& policy = ledger.contest().policy.policy;
  ledger.Lower(log::ActKind::kLowerTries, 10);
  const auto refusal = [&](log::ActEntry act, std::optional<uint8_t> key = 1) {
    act.contest = "demo";
    act.round = ledger.contest().NextRound();
    if (act.charge == counting::Bits{}) act.charge = counting::TightenCharge(policy);
    act.signature = testing::TestKey(*key).Sign(log::ActStatement(act, ledger.contest().acts));
    LedgerState state = ledger.state();
    return std::string(state.Apply(log::Encode(act)->bytes()).message());
  };
  const log::ActKind tries = log::ActKind::kLowerTries;
  EXPECT_EQ(refusal({.kind = tries, .value = 9}), "");
  EXPECT_THAT(refusal({.kind = tries, .value = 10}), HasSubstr("can only be lowered"));
  EXPECT_THAT(refusal({.kind = tries, .value = 15}), HasSubstr("can only be lowered"));
  EXPECT_THAT(refusal({.kind = tries}), HasSubstr("can only be lowered"));
  EXPECT_THAT(refusal({.kind = tries, .team = 1, .value = 9}), HasSubstr("for all teams"));
  EXPECT_THAT(refusal({.kind = tries, .value = 9}, 2), HasSubstr("signed by the organizer"));
  EXPECT_THAT(refusal({.kind = tries, .value = 9, .charge = counting::Bits{1}}),
              HasSubstr("costs what its choices can tell"));
  EXPECT_THAT(refusal({.kind = log::ActKind::kCloseEarly, .value = 9}),
              HasSubstr("only a lowered limit has a value"));
}

TEST(Tighten, BeyondTheBitsIsRefused) {
  LedgerBuilder ledger = Opened();
  const contest::Policy& policy = ledger.contest().policy.policy;
  int acts = 0;
  while (ledger.contest().acts_used + counting::TightenCharge(policy) +
             counting::StopCharge(policy) <=
         counting::Bits{policy.release.acts_thousandths}) {
    ledger.Lower(log::ActKind::kLowerTries, 19 - acts);
    ++acts;
  }
  EXPECT_GT(acts, 2);
  log::ActEntry act{.contest = "demo",
                    .round = ledger.contest().NextRound(),
                    .kind = log::ActKind::kLowerTries,
                    .value = 0,
                    .charge = counting::TightenCharge(policy)};
  act.signature = testing::TestKey(1).Sign(log::ActStatement(act, ledger.contest().acts));
  LedgerState state = ledger.state();
  EXPECT_EQ(state.Apply(log::Encode(act)->bytes()).code(), absl::StatusCode::kResourceExhausted);
}

TEST(Tighten, OfEveryScoreHasTriesAlone) {
  LedgerBuilder ledger = Opened(contest::ReleaseRule::kEveryScore);
  ledger.Lower(log::ActKind::kLowerTries, 1);
  ledger.Admit("red", 3);
  ledger.EndRound();
  ledger.Round();
  EXPECT_EQ(ledger.contest().FindTeam("red")->state, counting::TeamState{});
  EXPECT_FALSE(WouldAdmit(ledger, "red").ok());
}

}  // namespace
}  // namespace pinhole::replay
