// The screens in full, for a small ledger whose every byte is fixed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "client/cli/audit_screen.h"
#include "client/cli/budget_explained.h"
#include "client/cli/contest_screens.h"
#include "client/cli/json_views.h"
#include "client/cli/recount.h"
#include "client/cli/team_screens.h"
#include "server/core/contest/validate.h"
#include "server/core/counting/worst_case.h"
#include "tests/support/ledger_builder.h"
#include "tests/unit/cli/audit_of.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::DemoPolicy;
using ::pinhole::testing::LedgerBuilder;
using ::testing::HasSubstr;

// Red is shown 0.9, then nothing; blue fails; a third submission waits.
LedgerBuilder Ledger() {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(DemoPolicy());
  ledger.Join("red");
  ledger.Join("blue");
  ledger.Round();
  ledger.Admit("red", 20);
  ledger.Round();
  ledger.Release();
  ledger.Admit("red", 20);
  ledger.EndRound();
  ledger.Release();
  ledger.Admit("blue", std::nullopt);
  ledger.EndRound();
  ledger.Release();
  ledger.Admit("red", 3);
  ledger.EndRound();
  return ledger;
}

TEST(Screens, Contests) {
  EXPECT_EQ(ContestsText(Ledger().state()), R"(CONTEST  PHASE  ROUND     TEAMS   METRIC  RELEASE
demo     open   5 of 240  2 of 3  rmse    improvements
)");
}

TEST(Screens, Rules) {
  const LedgerBuilder ledger = Ledger();
  EXPECT_EQ(RulesText(ledger.state(), ledger.contest(), absl::UTCTimeZone()),
            R"(CONTEST  demo: open, round 5 of 240, 2 of 3 teams
DATA     ratings version 1: 80000 rows to train on, 20000 rows to predict (10000 for the board, 10000 for the final)
         ratings.userId   i32
         ratings.movieId  i32
         ratings.rating   f64  0.5 to 5  the label to predict
         movies.movieId   i32
         movies.title     str
SCORE    rmse, lower is better; predictions as text, clipped to 0.5 … 5
         shown from 0.8 (best) to 1.05 (worst) in steps of 0.005: 51 levels
SHOWN    rule improvements; 20 tries a team, 2 waiting at the most
         a score, when it beats the team's best shown by 1 level: at most 10 times
         FAILED, when the run failed: at most 3 times
         NOT_IMPROVED in every other case
         of the final set: nothing
ROUNDS   every 15 s: 12 s to run, then the exchange; 1 run at a time; 240 rounds, the last ends 1970-01-12 14:46:40 UTC
LIMITS   10 s wall, 20 s CPU, 512 MiB memory, 4 threads, 1 MiB output, 16 MiB scratch, 16 MiB program
WORST    All that can ever leave about the data through this contest is one of at most 2^B
         messages, B = 240.889 bits (31 bytes), whatever programs do and even if all teams
         work together. This does not protect a single fact about a single person: a hostile
         program can publish one yes/no fact about somebody in one score.
         Deployment one-machine: the bound holds for the ledger, not against somebody who
         times the server from outside.
POLICY   ledger entry 2, SHA-256 a7f5158e6476db994e5a6db398133578b443484ce532b40702b0fdd1b42eeb09
)");
}

TEST(Screens, Board) {
  EXPECT_EQ(BoardText(Ledger().contest(), absl::UTCTimeZone()), R"(demo after round 5 of 240 (open)
RANK  TEAM  SCORE  TRIES USED  TRIES LEFT  SCORES LEFT
1     red   0.9    3           17          9
-     blue  -      1           19          10
the exchange of round 6 begins 1970-01-12 13:48:07 UTC
)");
}

TEST(Screens, Status) {
  const LedgerBuilder ledger = Ledger();
  EXPECT_EQ(
      StatusText(ledger.contest(), *ledger.contest().FindTeam("red"), {}, absl::UTCTimeZone()),
      R"(TEAM   red, number 1 in demo (open)
LEFT   17 of 20 tries, 9 of 10 scores, 3 of 3 failure notices
BEST   0.9, rank 1
NEXT   the exchange of round 6 begins 1970-01-12 13:48:07 UTC
TRY  REQUEST   PROGRAM             RESULT        NOTE
1    eb6b9b75  (another computer)  0.9
2    d0cdaed5  (another computer)  NOT_IMPROVED  not better than your best by the gain it takes
3    58e261a4  (another computer)  waiting       result in round 6, 1970-01-12 13:48:07 UTC
)");
}

TEST(Screens, Audit) {
  const LedgerBuilder ledger = Ledger();
  const AuditReport report =
      Audit(ledger.entries(), ledger.Checkpoint(), *NoteVerifier::FromVkey(ledger.Vkey()));
  EXPECT_EQ(
      AuditText(report, ChooseContest(report.state, "")),
      R"(CONTEST   demo (open, improvements, one-machine)   policy: entry 2 (signed: owner, organizer)
DATA SET  ratings v1 (commitment 3a6eb079…)   CHECKPOINT 17, root f703b9ad301632ff…
LIFETIME  █░░░░░░░░░░░░░  116.504 of 8192.000 bits (reserved 220.385)   so far at most 1 random 64-bit row, if all were hostile
BUDGET    █░░░░░░░░░░░░░  20.504 of 240.889 bits   teams 2/3   acts, shifts and starts 0.000 of 64.000 bits   final: none
ROUNDS    released 5 of 240, shifts 0, starts 0, missing 0 | admitted 4, waiting 1, results = admitted: yes | lengths constant: yes | alphabet violations: 0
TEAMS     top spenders: red 17.575/58.963 · blue 2.929/58.963   without a shown score: 1   notices used 1/9
VERIFY    signature ✓  root ✓  replay of every rule and charge ✓  lengths ✓   (17 entries)
)");
}

TEST(Screens, AuditTurnsRed) {
  const LedgerBuilder ledger = Ledger();
  const NoteVerifier log = *NoteVerifier::FromVkey(ledger.Vkey());
  struct Case {
    const char* name;
    std::function<void(std::vector<std::string>&)> change;
    const char* says;
  };
  for (const Case& c : {
           Case{"an_entry_is_gone", [](auto& entries) { entries.erase(entries.begin() + 5); },
                "RED       the checkpoint covers"},
           Case{"an_entry_changed", [](auto& entries) { entries[5][20] ^= 1; },
                "RED       the replay stops at entry 5"},
           Case{"two_entries_swapped", [](auto& entries) { std::swap(entries[3], entries[4]); },
                "RED       the entries have not the root that was signed"},
           Case{"a_longer_entry", [](auto& entries) { entries[6] += " "; },
                "RED       entry 6 has 513 bytes"},
       }) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> entries = ledger.entries();
    c.change(entries);
    const AuditReport report = Audit(entries, ledger.Checkpoint(), log);
    EXPECT_FALSE(report.holds());
    EXPECT_THAT(AuditText(report, ChooseContest(report.state, "")), HasSubstr(c.says));
  }
}

TEST(Screens, EntriesAreShortLines) {
  const LedgerBuilder ledger = Ledger();
  EXPECT_EQ(EntryLine(5, ledger.entries()[5]),
            "     5  ROUND 1 contest=demo round=1 admitted=0 released=0 root_before=31256c53… "
            "blinding=-\n");
  EXPECT_LT(EntryLine(2, ledger.entries()[2]).size(), 260U);
}

TEST(Screens, NothingYet) {
  LedgerBuilder ledger;
  ledger.Start();
  EXPECT_EQ(ContestsText(ledger.state()), "no contest is in the ledger yet\n");
  const AuditReport report =
      Audit(ledger.entries(), ledger.Checkpoint(), *NoteVerifier::FromVkey(ledger.Vkey()));
  EXPECT_TRUE(report.holds());
  EXPECT_THAT(AuditText(report, nullptr), HasSubstr("CONTEST   none yet"));
}

TEST(Screens, JsonHasTheSameNumbers) {
  const LedgerBuilder ledger = Ledger();
  EXPECT_THAT(BoardJson(ledger.contest()), HasSubstr("\"score\": \"0.9\""));
  EXPECT_THAT(RulesJson(ledger.state(), ledger.contest()), HasSubstr("\"levels\": 51"));
  EXPECT_THAT(StatusJson(ledger.contest(), *ledger.contest().FindTeam("red"), {}),
              HasSubstr("\"symbol\": \"NOT_IMPROVED\""));
  EXPECT_THAT(EntryJson(0, ledger.entries()[0]), HasSubstr("\"previous_size\":\"0\""));
}

TEST(Why, SaysWhatTheLedgerLeavesOpen) {
  struct Case {
    const char* name;
    counting::TeamState after;
    std::optional<int> show_below;
    const char* says;
  };
  const LedgerBuilder ledger = Ledger();
  for (const Case& c : {
           Case{"no_scores", {10, 20, 0, 3}, std::nullopt, "no scores left"},
           Case{"no_levels", {10, 0, 5, 3}, std::nullopt, "no better level is left"},
           Case{
               "not_better", {10, 20, 5, 3}, std::nullopt, "not better than your best by the gain"},
           Case{"never_shown",
                {10, 51, 10, 3},
                std::nullopt,
                "the worst score that can be shown, 1.05"},
           Case{"threshold", {10, 20, 5, 3}, 4, "or not better than your --show-below"},
           Case{
               "no_notices", {10, 20, 5, 0}, std::nullopt, "or a failure: no failure notices left"},
       }) {
    replay::Admission admission{.entry = {.show_below = c.show_below}};
    admission.result = log::ResultEntry{.after = c.after};
    EXPECT_THAT(WhyText(ledger.contest(), admission), HasSubstr(c.says)) << c.name;
  }
}

std::string OutputOf(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::string output;
  std::array<char, 256> buffer;
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) {
    output += buffer.data();
  }
  return output;
}

TEST(Screens, SayWhatFailedMeansUnderEveryScore) {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  contest::Policy policy = DemoPolicy();
  policy.degraded.lane_users = true;
  policy.release = {.rule = contest::ReleaseRule::kEveryScore,
                    .tries = 20,
                    .tries_per_day = 20,
                    .teams = 3,
                    .acts_thousandths = 64'000};
  testing::AskWitnesses(policy, 3, 2);
  ledger.OpenContest(policy);
  ledger.Join("red");
  ledger.Round();
  const int64_t index = ledger.Admit("red", 51);
  ledger.Round();
  ledger.Round();
  const std::string rules = RulesText(ledger.state(), ledger.contest(), absl::UTCTimeZone());
  EXPECT_THAT(rules, HasSubstr("or FAILED: failed, or worse than worst"));
  EXPECT_THAT(rules, HasSubstr("20 tries a team, 20 in any 24 h of rounds, 2 waiting"));
  EXPECT_THAT(rules, HasSubstr("degraded lane-users"));
  EXPECT_THAT(rules, HasSubstr("WITNESS  2 of witness.example/1, witness.example/2, "
                               "witness.example/3 must sign"));
  const replay::Contest& contest = ledger.contest();
  ASSERT_TRUE(contest.admissions.at(index).result.has_value());
  EXPECT_EQ(ResultText(contest, contest.admissions.at(index)), "failed, or worse than 1.05");
  EXPECT_EQ(LeftText(contest, contest.teams[0]), "19 of 20 tries (19 of 20 in these 24 h)");
  const std::string json = RulesJson(ledger.state(), contest);
  for (const char* part :
       {"\"tries_per_day\": 20", "\"degraded\": \"lane-users\"", "\"weights\": \"equal\"",
        "\"settle_ms\": 1520", "\"quorum\": 2", "witness.example/3+"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
}

// The printed line is run as a person would: another program adds up the same number.
TEST(Budget, PythonFindsTheSameNumber) {
  contest::Policy every = DemoPolicy();
  every.release = {.rule = contest::ReleaseRule::kEveryScore, .tries = 7, .teams = 2};
  contest::Policy gain = DemoPolicy();
  gain.release.min_gain = 4;
  contest::Policy records = DemoPolicy();
  records.release.rule = contest::ReleaseRule::kRecords;
  records.release.min_gain = 2;
  for (const contest::Policy& policy : {DemoPolicy(), every, gain, records}) {
    ASSERT_TRUE(contest::Validate(policy).ok());
    const counting::WorstCase worst = counting::CountWorstCase(policy);
    std::string expected = worst.team_count.ToHex();
    if (policy.release.rule == contest::ReleaseRule::kRecords)
      expected += " " + worst.shared_count.ToHex();
    EXPECT_EQ(OutputOf(BudgetPython(policy)), expected + "\n");
  }
}

TEST(Budget, GoingThroughEveryStateFindsTheSameNumber) {
  struct Case {
    const char* name;
    contest::Release release;
  };
  for (const Case& c : {
           Case{"demo", DemoPolicy().release},
           Case{"one_try", {.tries = 1, .shown_scores = 1, .waiting = 1, .teams = 1}},
           Case{"no_notices", {.tries = 9, .shown_scores = 4, .teams = 1}},
           Case{"large_gain",
                {.tries = 9, .shown_scores = 8, .shown_failures = 2, .min_gain = 7, .teams = 1}},
           Case{"every_score",
                {.rule = contest::ReleaseRule::kEveryScore, .tries = 12, .teams = 1}},
       }) {
    SCOPED_TRACE(c.name);
    contest::Policy policy = DemoPolicy();
    policy.release = c.release;
    ASSERT_TRUE(contest::Validate(policy).ok()) << contest::Validate(policy);
    const std::optional<counting::BigCount> recount = RecountByStates(policy);
    ASSERT_TRUE(recount.has_value());
    EXPECT_EQ(recount->ToHex(), counting::CountWorstCase(policy).team_count.ToHex());
  }
  contest::Policy wide = DemoPolicy();
  wide.release.tries = 100'000;
  EXPECT_FALSE(RecountByStates(wide).has_value());
}

TEST(Budget, IsWrittenOut) {
  const LedgerBuilder ledger = Ledger();
  const std::string text = BudgetExplained(ledger.contest());
  EXPECT_THAT(text, HasSubstr("k = 20 tries, l = 51 levels, j = 10 scores, f = 3 failure notices, "
                              "m = 1"));
  EXPECT_THAT(text, HasSubstr("as POLICY states it: yes"));
  EXPECT_THAT(text, HasSubstr(ledger.contest().policy.contest.ToString()));
}

}  // namespace
}  // namespace pinhole::cli
