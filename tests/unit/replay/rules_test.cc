// Records, acts, stops and final boards through the real gate and the real fold, and every wrong
// entry of these kinds refused with its rule named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "server/core/counting/acts.h"
#include "server/core/counting/final_board.h"
#include "server/core/replay/board.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/replay/requests_check.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::replay {
namespace {

using testing::DemoPolicy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LedgerBuilder;

contest::Policy WithRules(contest::ReleaseRule rule, contest::FinalRule final_rule) {
  contest::Policy policy = DemoPolicy();
  policy.release.rule = rule;
  policy.release.final_rule = final_rule;
  policy.rounds.count = 12;
  return policy;
}

// An open contest with these teams after round 1.
LedgerBuilder Opened(const contest::Policy& policy, const std::vector<std::string>& teams) {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(policy);
  for (const std::string& team : teams) ledger.Join(team);
  ledger.EndRound();
  return ledger;
}

// One submission a team, released in the next round but one.
void Submit(LedgerBuilder& ledger, std::string_view team, std::optional<int> level) {
  ledger.Release();
  ledger.Admit(team, level);
  ledger.EndRound();
  ledger.Round();
}

std::string SymbolOf(const LedgerBuilder& ledger, std::string_view team, size_t number) {
  const Team& found = *ledger.contest().FindTeam(team);
  return ledger.contest().admissions.at(found.admissions[number]).result->text;
}

TEST(RecordsTest, AScoreMustBeatAllTeams) {
  contest::Policy policy = WithRules(contest::ReleaseRule::kRecords, contest::FinalRule::kNone);
  policy.release.shown_scores = 2;
  policy.rounds.count = 40;
  LedgerBuilder ledger = Opened(policy, {"red", "blue"});
  Submit(ledger, "red", 30);
  Submit(ledger, "blue", 35);  // better than its own nothing, not than red's
  Submit(ledger, "blue", 29);
  Submit(ledger, "red", 3);  // better than all, but both records are shown
  Submit(ledger, "red", std::nullopt);
  EXPECT_EQ(SymbolOf(ledger, "red", 0), "0.95");
  EXPECT_EQ(SymbolOf(ledger, "blue", 0), "NOT_IMPROVED");
  EXPECT_EQ(SymbolOf(ledger, "blue", 1), "0.945");
  EXPECT_EQ(SymbolOf(ledger, "red", 1), "NOT_IMPROVED");
  EXPECT_EQ(SymbolOf(ledger, "red", 2), "FAILED");
  const Contest& contest = ledger.contest();
  EXPECT_EQ(contest.shared, (counting::SharedState{.tries = 55, .levels = 29, .scores = 0}));
  EXPECT_EQ(contest.FindTeam("red")->state, (counting::TeamState{.tries = 17, .failures = 2}));
  // Everything that was charged is what the continuations lost.
  counting::Bits lost = contest.policy.shared - contest.shared_left;
  for (const Team& team : contest.teams) lost += contest.policy.team - team.left;
  EXPECT_EQ(contest.charged, lost);
  EXPECT_LE(contest.Used(), contest.policy.contest);
}

TEST(ActsTest, ADisqualifiedTeamSubmitsNothingAndHasNoPlace) {
  LedgerBuilder ledger = Opened(
      WithRules(contest::ReleaseRule::kImprovements, contest::FinalRule::kNone), {"red", "blue"});
  Submit(ledger, "red", 20);
  Submit(ledger, "blue", 30);
  ledger.ActOnTeam(log::ActKind::kDisqualify, "red");
  const std::vector<BoardRow> rows = MakeBoard(ledger.contest());
  EXPECT_EQ(rows[0].team, "blue");
  EXPECT_EQ(rows[0].rank, 1);
  EXPECT_EQ(rows[1].rank, 0);
  EXPECT_TRUE(rows[1].disqualified);
  const auto planned = PlanAdmit(ledger.state(), ledger.Request("red", "p"), Digest{});
  EXPECT_EQ(planned.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(planned.status().message()), HasSubstr("disqualified"));
  ledger.ActOnTeam(log::ActKind::kReinstate, "red");
  EXPECT_TRUE(PlanAdmit(ledger.state(), ledger.Request("red", "p"), Digest{}).ok());
  EXPECT_EQ(MakeBoard(ledger.contest())[0].team, "red");
  EXPECT_EQ(ledger.contest().acts_used,
            counting::TeamActCharge(ledger.contest().policy.policy) * 2);
}

// A result that is due comes all the same: disqualifying must not tell what it would have been.
TEST(ActsTest, WhatADisqualifiedTeamSubmittedBeforeIsReleased) {
  LedgerBuilder ledger =
      Opened(WithRules(contest::ReleaseRule::kImprovements, contest::FinalRule::kNone), {"red"});
  ledger.Admit("red", 20);
  ledger.EndRound();
  ledger.ActOnTeam(log::ActKind::kDisqualify, "red");
  ledger.Round();
  EXPECT_EQ(SymbolOf(ledger, "red", 0), "0.9");
}

TEST(ActsTest, AStopEndsTheContestWithoutWhatWasDue) {
  LedgerBuilder ledger =
      Opened(WithRules(contest::ReleaseRule::kImprovements, contest::FinalRule::kWinner), {"red"});
  Submit(ledger, "red", 20);
  ledger.Admit("red", 10);
  ledger.EndRound();
  ledger.Stop();
  ledger.Close();
  EXPECT_EQ(ledger.contest().phase, Phase::kClosed);
  EXPECT_TRUE(ledger.contest().stopped);
  EXPECT_EQ(ledger.state().Open(), nullptr);
  EXPECT_EQ(ledger.contest().final_charged, counting::Bits{0});
}

// However the bits for acts were used, a stop is paid for.
TEST(ActsTest, AStopCanAlwaysBePaid) {
  contest::Policy policy =
      WithRules(contest::ReleaseRule::kImprovements, contest::FinalRule::kNone);
  policy.release.acts_thousandths = 20'000;
  LedgerBuilder ledger = Opened(policy, {"red"});
  const counting::Bits most{policy.release.acts_thousandths};
  while (ledger.contest().acts_used + counting::TeamActCharge(policy) +
             counting::StopCharge(policy) <=
         most) {
    ledger.ActOnTeam(ledger.contest().teams[0].disqualified ? log::ActKind::kReinstate
                                                            : log::ActKind::kDisqualify,
                     "red");
  }
  LedgerState state = ledger.state();
  const auto shift = log::Encode(log::ShiftEntry{.contest = "demo",
                                                 .round = ledger.contest().NextRound(),
                                                 .moved = 1,
                                                 .count = 1,
                                                 .charge = counting::ShiftCharge(policy)});
  EXPECT_EQ(state.Apply(shift->bytes()).code(), absl::StatusCode::kResourceExhausted);
  ledger.Stop();
  EXPECT_LE(ledger.contest().acts_used, most);
}

TEST(ActsTest, APolicyThatCannotPayForAStopIsRefused) {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  contest::Policy policy = DemoPolicy();
  policy.release.acts_thousandths = counting::StopCharge(policy).thousandths - 1;
  EXPECT_THAT(std::string(ledger.TryOpen(policy).message()), HasSubstr("pay for a stop"));
  policy.release.acts_thousandths += 1;
  EXPECT_TRUE(ledger.TryOpen(policy).ok());
}

// To the last round, with three teams whose shown scores are 30, 20 and none.
LedgerBuilder AtTheEnd(contest::FinalRule rule) {
  LedgerBuilder ledger =
      Opened(WithRules(contest::ReleaseRule::kImprovements, rule), {"red", "blue", "green"});
  Submit(ledger, "red", 30);
  Submit(ledger, "blue", 20);
  Submit(ledger, "green", std::nullopt);
  while (ledger.contest().last_round < 12) ledger.Round();
  return ledger;
}

std::vector<std::string> Places(const LedgerBuilder& ledger) {
  std::vector<std::string> places;
  for (const log::FinalEntry& place : ledger.contest().finals) {
    places.push_back(ledger.contest().teams[static_cast<size_t>(place.team - 1)].entry.name + " " +
                     place.text);
  }
  return places;
}

TEST(FinalTest, EveryRuleShowsItsPlaces) {
  const struct {
    contest::FinalRule rule;
    std::vector<std::string> places;
  } cases[] = {
      {contest::FinalRule::kNone, {}},
      {contest::FinalRule::kWinner, {"blue -"}},
      {contest::FinalRule::kTop3, {"blue -", "red -"}},
      {contest::FinalRule::kEveryTeam, {"red 0.95", "blue 0.9"}},
  };
  for (const auto& c : cases) {
    LedgerBuilder ledger = AtTheEnd(c.rule);
    ledger.Final();
    ledger.Close();
    EXPECT_EQ(Places(ledger), c.places);
    EXPECT_LE(ledger.contest().final_charged, ledger.contest().policy.final_board);
    EXPECT_EQ(ledger.state().account().spent, counting::Bits::Whole(96) + ledger.contest().Used());
  }
}

TEST(FinalTest, NoCloseWithoutTheWholeBoard) {
  LedgerBuilder ledger = AtTheEnd(contest::FinalRule::kTop3);
  LedgerState state = ledger.state();
  const auto close =
      log::Encode(log::CloseEntry{.contest = "demo", .round = 12, .used = ledger.contest().Used()});
  EXPECT_THAT(std::string(state.Apply(close->bytes()).message()), HasSubstr("whole final board"));
}

// Each wrong FINAL, made from the right one by other words, is refused by its rule.
TEST(FinalTest, WrongPlacesAreRefused) {
  const struct {
    const char* from;
    const char* to;
    contest::FinalRule rule;
    const char* says;
  } cases[] = {
      {" place=1 ", " place=2 ", contest::FinalRule::kWinner, "follow each other"},
      {" team=2 ", " team=3 ", contest::FinalRule::kWinner, "with a shown score"},
      {" team=2 ", " team=9 ", contest::FinalRule::kWinner, "with a shown score"},
      {" team=2 ", " team=1 ", contest::FinalRule::kWinner, "that it chose, or its best"},
      {" level=- ", " level=3 ", contest::FinalRule::kWinner, "every-team alone"},
      {" text=- ", " text=0.9 ", contest::FinalRule::kWinner, "text must be its level's"},
      {" charge_bits=1.000", " charge_bits=0.999", contest::FinalRule::kWinner, "costs what"},
      {" round=12 ", " round=11 ", contest::FinalRule::kWinner, "the last ROUND"},
      {" level=30 ", " level=52 ", contest::FinalRule::kEveryTeam, "level of the scale"},
      {" level=30 ", " level=- ", contest::FinalRule::kEveryTeam, "every-team alone"},
  };
  for (const auto& c : cases) {
    LedgerBuilder ledger = AtTheEnd(c.rule);
    const LedgerState before = ledger.state();
    ledger.Final();
    const size_t first = static_cast<size_t>(before.size());
    std::string wrong = absl::StrReplaceAll(ledger.entries()[first], {{c.from, c.to}});
    ASSERT_NE(wrong, ledger.entries()[first]) << c.from;
    wrong.resize(511, ' ');
    wrong.back() = ' ';
    wrong = wrong.substr(0, wrong.find_last_not_of(" \n") + 1);
    wrong.resize(511, ' ');
    wrong += "\n";
    LedgerState state = before;
    const absl::Status refused = state.Apply(wrong);
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << c.to;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(c.says)) << c.from << c.to;
  }
}

TEST(FinalTest, NothingButCloseFollows) {
  LedgerBuilder ledger = AtTheEnd(contest::FinalRule::kWinner);
  ledger.Final();
  LedgerState state = ledger.state();
  EXPECT_FALSE(state.Apply(ledger.entries().back()).ok()) << "no second winner";
  const auto round =
      log::Encode(log::RoundEntry{.contest = "demo", .round = 13, .root_before = state.Root()});
  EXPECT_FALSE(state.Apply(round->bytes()).ok());
}

// An organizer's signature counts once, for one team.
TEST(ActsTest, ASignatureServesOnce) {
  LedgerBuilder ledger = Opened(
      WithRules(contest::ReleaseRule::kImprovements, contest::FinalRule::kNone), {"red", "blue"});
  ledger.ActOnTeam(log::ActKind::kDisqualify, "red");
  const std::string act = ledger.entries().back();
  ledger.ActOnTeam(log::ActKind::kReinstate, "red");
  LedgerState state = ledger.state();
  EXPECT_THAT(std::string(state.Apply(act).message()), HasSubstr("signed by the organizer"));
  EXPECT_THAT(
      std::string(state.Apply(absl::StrReplaceAll(act, {{" team=1 ", " team=2 "}})).message()),
      HasSubstr("signed by the organizer"));
}

TEST(ActsTest, WrongStopsAreRefused) {
  LedgerBuilder ledger =
      Opened(WithRules(contest::ReleaseRule::kImprovements, contest::FinalRule::kNone), {"red"});
  const contest::Policy& policy = ledger.contest().policy.policy;
  log::ActEntry stop{.contest = "demo",
                     .round = 2,
                     .kind = log::ActKind::kStop,
                     .charge = counting::StopCharge(policy)};
  const auto refused = [&](const log::ActEntry& act) {
    LedgerState state = ledger.state();
    return std::string(state.Apply(log::Encode(act)->bytes()).message());
  };
  EXPECT_EQ(refused(stop), "");
  log::ActEntry signed_by_somebody = stop;
  signed_by_somebody.signature[0] = 1;
  EXPECT_THAT(refused(signed_by_somebody), HasSubstr("nobody signs a stop"));
  log::ActEntry of_team = stop;
  of_team.team = 1;
  EXPECT_THAT(refused(of_team), HasSubstr("names no team"));
  log::ActEntry cheap = stop;
  cheap.charge = {};
  EXPECT_THAT(refused(cheap), HasSubstr("costs what"));
  ledger.Admit("red", 3);
  EXPECT_THAT(refused(stop), HasSubstr("between two rounds"));
}

}  // namespace
}  // namespace pinhole::replay
