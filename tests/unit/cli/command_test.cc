// Whole commands, from the words to the exit code, against a server in memory.
#include <gmock/gmock.h>

#include "client/cli/invitation.h"
#include "server/system/files.h"
#include "server/system/machine_lock.h"
#include "tests/unit/cli/command_fixture.h"

namespace pinhole::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(CommandTest, UsageErrorsEndWithTwo) {
  struct Case {
    const char* name;
    std::vector<std::string> words;
  };
  for (const Case& c : {
           Case{"no_command", {}},
           Case{"unknown_command", {"fly"}},
           Case{"unknown_option", {"board", "--fast"}},
           Case{"missing_argument", {"keygen"}},
           Case{"bad_explain", {"audit", "--explain", "everything"}},
           Case{"bad_address", {"trust", "localhost", "--pin", "00", "--log-key", "x"}},
           Case{"bad_pin", {"trust", kServer, "--pin", "00", "--log-key", "x"}},
           Case{"bad_team_name", {"invite", "demo", "The Reds", "--key", "x"}},
           Case{"no_invitation", {"join", "-"}},
           Case{"no_mock_data", {"rehearse", "model", "--data", "nowhere"}},
       }) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Run(c.words), 2) << Out() << Err();
    EXPECT_NE(Err(), "");
  }
}

TEST_F(CommandTest, HelpIsNoError) {
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(Out(), HasSubstr("Exit codes: 0 ok"));
  EXPECT_EQ(Run({"submit", "--help"}), 0);
  EXPECT_THAT(Out(), HasSubstr("--show-below"));
}

TEST_F(CommandTest, KeygenPrintsThePublicKeyAlone) {
  ASSERT_EQ(Run({"keygen", Path("key")}), 0) << Err();
  const absl::StatusOr<SigningKey> key = ReadKeyFile(Path("key"));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_THAT(Out(), HasSubstr(key->public_key().ToHex()));
  EXPECT_THAT(Out() + Err(), Not(HasSubstr(key->SeedHex())));
  EXPECT_EQ(Run({"keygen", Path("key")}), 1) << "a key is never overwritten";
}

TEST_F(CommandTest, WithoutAServerTheNextStepIsSaid) {
  EXPECT_EQ(Run({"board"}), 1);
  EXPECT_THAT(Err(), HasSubstr("pinhole join"));
}

TEST_F(CommandTest, AnUnreachableServerEndsWithThree) {
  ASSERT_EQ(Run({"trust", "elsewhere:1", "--pin", HexEncode(Sha256("certificate")), "--log-key",
                 ledger_.Vkey()}),
            0);
  EXPECT_EQ(Run({"board"}), 3);
  EXPECT_THAT(Err(), HasSubstr("nobody answers there"));
}

TEST_F(CommandTest, AnImpostorEndsWithFour) {
  ASSERT_EQ(
      Run({"trust", kServer, "--pin", HexEncode(Sha256("wrong")), "--log-key", ledger_.Vkey()}), 0);
  EXPECT_EQ(Run({"board"}), 4);
}

TEST_F(CommandTest, ALedgerThatWentBackEndsWithFour) {
  ASSERT_EQ(Trust(), 0);
  const std::vector<std::string> before = server_.entries;
  const std::string head_before = server_.checkpoint;
  ledger_.Round();
  Show();
  ASSERT_EQ(Run({"board"}), 0) << Err();
  server_.entries = before;
  server_.checkpoint = head_before;
  EXPECT_EQ(Run({"board"}), 4);
  EXPECT_THAT(Err(), HasSubstr("WENT BACK"));
  EXPECT_EQ(Out(), "") << "nothing is answered from what was not verified";
}

TEST_F(CommandTest, AnErrorIsJsonToo) {
  EXPECT_EQ(Run({"board", "--json"}), 1);
  EXPECT_THAT(Err(), HasSubstr("\"exit_code\": \"1\""));
}

TEST_F(CommandTest, ALateLedgerIsSaidOnTheErrorStream) {
  ASSERT_EQ(Trust(), 0);
  clock_.now_ms += 60'000;
  ASSERT_EQ(Run({"board"}), 0);
  EXPECT_THAT(Err(), HasSubstr("LEDGER IS LATE: round 1"));
  EXPECT_THAT(Out(), Not(HasSubstr("LATE")));
}

TEST_F(CommandTest, InviteAndJoin) {
  JoinAsRed();
  ASSERT_EQ(server_.joins.size(), 1U);
  ASSERT_EQ(Run({"status"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("red, number 1 in demo"));
}

TEST_F(CommandTest, JoiningAgainIsTheSameKey) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_TRUE(WriteKeyFile(Path("organizer.key"), TestKey(1)).ok());
  ASSERT_EQ(Run({"invite", "demo", "red", "--key", Path("organizer.key")}), 0);
  const std::string invitation = Out();
  ASSERT_EQ(Run({"join", "-"}, invitation), 0) << Err();
  ASSERT_EQ(Run({"join", "-"}, invitation), 0) << Err();
  ASSERT_EQ(server_.joins.size(), 2U);
  EXPECT_EQ(server_.joins[0], server_.joins[1]);
  EXPECT_THAT(Out(), HasSubstr("not in the ledger yet"));
}

TEST_F(CommandTest, JoinWaitsForTheLedger) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_TRUE(WriteKeyFile(Path("organizer.key"), TestKey(1)).ok());
  ASSERT_EQ(Run({"invite", "demo", "red", "--key", Path("organizer.key")}), 0);
  const std::string invitation = Out();
  ASSERT_EQ(Run({"join", "-"}, invitation), 0) << Err();
  const auto first = static_cast<int64_t>(ledger_.entries().size());
  Take(server_.joins.back());
  ledger_.Round();
  Hand(first);
  ASSERT_EQ(Run({"join", "-", "--wait"}, invitation), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("in the ledger, team 1"));
}

TEST_F(CommandTest, AnotherOrganizersInvitationIsRefusedBeforeItIsSent) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_TRUE(WriteKeyFile(Path("stranger.key"), TestKey(77)).ok());
  ASSERT_EQ(Run({"invite", "demo", "red", "--key", Path("stranger.key")}), 0);
  EXPECT_EQ(Run({"join", "-"}, Out()), 1);
  EXPECT_TRUE(server_.joins.empty());
}

TEST_F(CommandTest, AServerWithAnotherLedgerKeyIsRefused) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_TRUE(WriteKeyFile(Path("organizer.key"), TestKey(1)).ok());
  ASSERT_EQ(Run({"invite", "demo", "red", "--key", Path("organizer.key")}), 0);
  server_.vkey = NoteVerifier::Create("vault.example/test", TestKey(9).public_key())->ToVkey();
  EXPECT_EQ(Run({"join", "-"}, Out()), 4);
  EXPECT_TRUE(server_.joins.empty());
}

class SubmitTest : public CommandTest {
 protected:
  void SetUp() override {
    JoinAsRed();
    ASSERT_TRUE(WriteFileDurably(Path("model"), "a program", 0700).ok());
    server_.submit_answer = {.state = SubmitAnswer::State::kReceived,
                             .result_round = 3,
                             .result_time = absl::FromUnixSeconds(1'000'042)};
  }
};

TEST_F(SubmitTest, PrintsAReceipt) {
  ASSERT_EQ(Run({"submit", Path("model"), "-m", "first"}), 0) << Err();
  ASSERT_EQ(server_.uploads.size(), 1U);
  EXPECT_EQ(server_.uploads[0], std::pair(std::string("a-token"), std::string("a program")));
  EXPECT_THAT(Out(), HasSubstr(HexEncode(Sha256("a program"))));
  EXPECT_THAT(Out(), HasSubstr("1970-01-12 13:47:22 UTC"));
  EXPECT_THAT(Out(), HasSubstr("20 of 20 tries"));
}

TEST_F(SubmitTest, ARetryIsTheSameRequest) {
  ASSERT_EQ(Run({"submit", Path("model")}), 0) << Err();
  ASSERT_EQ(Run({"submit", Path("model")}), 0) << Err();
  ASSERT_EQ(server_.submits.size(), 2U);
  EXPECT_EQ(server_.submits[0], server_.submits[1]);
}

TEST_F(SubmitTest, AfterARefusalItIsANewRequest) {
  server_.submit_answer = {.state = SubmitAnswer::State::kRefused, .refusal = "no try is left"};
  EXPECT_EQ(Run({"submit", Path("model")}), 1);
  EXPECT_THAT(Err(), HasSubstr("no try is left"));
  server_.submit_answer = {.state = SubmitAnswer::State::kReceived};
  ASSERT_EQ(Run({"submit", Path("model")}), 0) << Err();
  EXPECT_NE(server_.submits[0], server_.submits[1]);
}

TEST_F(SubmitTest, WaitsForTheResult) {
  struct Case {
    const char* name;
    std::optional<int> level;
    int exit_code;
    const char* says;
  };
  for (const Case& c : {
           Case{"a_score", 20, 0, "score 0.9"},
           Case{"not_better", 20, 1, "not improved (not better than your best"},
           Case{"failed", std::nullopt, 1, "failed"},
       }) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(WriteFileDurably(Path("model"), c.name, 0700).ok());
    ASSERT_EQ(Run({"submit", Path("model")}), 0) << Err();
    const auto first = static_cast<int64_t>(ledger_.entries().size());
    Take(server_.submits.back());
    ledger_.EndRound();
    Release(c.level);
    ledger_.EndRound();
    Hand(first);
    EXPECT_EQ(Run({"submit", Path("model"), "--wait"}), c.exit_code) << Err();
    EXPECT_THAT(Out(), HasSubstr(c.says));
    Show();
  }
}

TEST_F(SubmitTest, TheSameProgramAgainShowsItsResult) {
  ASSERT_EQ(Run({"submit", Path("model")}), 0) << Err();
  Take(server_.submits.back());
  ledger_.EndRound();
  Release(30);
  ledger_.EndRound();
  Show();
  EXPECT_EQ(Run({"submit", Path("model")}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("score 0.95"));
  EXPECT_THAT(Err(), HasSubstr("its result stands"));
  EXPECT_EQ(server_.submits.size(), 1U);
}

TEST_F(SubmitTest, AnEarlierSubmissionFromElsewhereStands) {
  ASSERT_EQ(Run({"submit", Path("model")}), 0) << Err();
  Take(server_.submits.back());
  ledger_.EndRound();
  const auto first = static_cast<int64_t>(ledger_.entries().size());
  Show();
  // Another computer of the team: it has the key, not the receipt.
  const std::string receipts = Path("home/servers/localhost_7443/teams/demo/receipts");
  ASSERT_TRUE(RemoveTree(receipts).ok());
  const replay::Admission& admission = ledger_.contest().admissions.begin()->second;
  server_.submit_answer.request_id = HexEncode(admission.entry.request_id);
  Release(30);
  ledger_.EndRound();
  Hand(first);
  EXPECT_EQ(Run({"submit", Path("model"), "--wait"}), 0) << Err();
  EXPECT_THAT(Err(), HasSubstr("that one stands"));
  EXPECT_THAT(Out(), HasSubstr("score 0.95"));
}

TEST_F(SubmitTest, WhatCannotBeAdmittedIsNotSent) {
  for (const char* name : {"one", "two"}) {
    ASSERT_TRUE(WriteFileDurably(Path(name), name, 0700).ok());
    ASSERT_EQ(Run({"submit", Path(name)}), 0) << Err();
    Take(server_.submits.back());
  }
  ledger_.EndRound();
  Show();
  EXPECT_EQ(Run({"submit", Path("model")}), 1);
  EXPECT_THAT(Err(), HasSubstr("2 submissions wait"));
  EXPECT_EQ(server_.submits.size(), 2U);
  EXPECT_EQ(Run({"submit", Path("model"), "--show-below", "0.871"}), 2);
  EXPECT_EQ(Run({"submit", Path("missing")}), 1);
}

TEST_F(CommandTest, MockAndRehearsalPolicyComeFromTheLedger) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_EQ(Run({"mock", "-o", Path("mock"), "--rows", "50"}), 0) << Err();
  EXPECT_EQ(*ReadFile(Path("mock/policy.entry")), ledger_.entries()[2]);
  EXPECT_EQ(ReadFile(Path("mock/truth/labels.rows"))->size(), 20'000U * 13);
  EXPECT_EQ(Run({"rehearse", Path("model"), "--data", Path("mock")}), 1);
  EXPECT_THAT(Err(), HasSubstr("--launcher"));
}

TEST_F(CommandTest, NothingIsRehearsedBesideAVault) {
  const std::string lock = Path("machine.lock");
  const auto held = HoldMachine(lock);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_EQ(Run({"rehearse", Path("model"), "--data", Path("mock"), "--machine-lock", lock}), 1);
  EXPECT_THAT(Err(), HasSubstr("a vault serves on this machine"));
  EXPECT_NE(Run({"rehearse", Path("model"), "--data", Path("mock")}), 0);
  EXPECT_THAT(Err(), HasSubstr("no folder of mock data")) << "another lock is none of its business";
}

TEST_F(CommandTest, WatchPrintsWhatIsVerified) {
  ASSERT_EQ(Trust(), 0);
  const auto first = static_cast<int64_t>(ledger_.entries().size());
  ledger_.Round();
  Hand(first);
  EXPECT_EQ(Run({"watch"}), 3) << "the test's stream ends";
  EXPECT_THAT(Out(), HasSubstr("     3  ROUND 1 contest=demo round=1"));
  server_.events.clear();
  Show();
  ledger_.Round();
  Hand(first + 1);
  server_.events.back().entries[0][9] ^= 1;
  EXPECT_EQ(Run({"watch"}), 4);
  EXPECT_EQ(Out(), "");
}

}  // namespace
}  // namespace pinhole::cli
