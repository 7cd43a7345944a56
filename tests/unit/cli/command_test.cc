// Whole commands, from the words to the exit code, against a server in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "client/cli/command_line.h"
#include "client/cli/invitation.h"
#include "client/cli/key_file.h"
#include "server/core/gate/gate.h"
#include "server/core/replay/requests_check.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"
#include "tests/unit/cli/fake_server.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::DemoPolicy;
using ::pinhole::testing::FakeServer;
using ::pinhole::testing::LedgerBuilder;
using ::pinhole::testing::TestKey;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kServer[] = "localhost:7443";

class FixedClock final : public WallClock {
 public:
  int64_t now_ms = 1'000'000'000;  // begin of round 1
  int64_t NowUnixMs() const override { return now_ms; }
};

// The command owns its Server; the test keeps the FakeServer.
class Borrowed final : public Server {
 public:
  explicit Borrowed(FakeServer& server) : server_(server) {}
  absl::StatusOr<ServerInfo> Info() override { return server_.Info(); }
  absl::StatusOr<std::string> Checkpoint() override { return server_.Checkpoint(); }
  absl::StatusOr<std::vector<std::string>> Entries(int64_t start, int64_t count) override {
    return server_.Entries(start, count);
  }
  absl::Status Watch(int64_t start, absl::Time until, const WatchHandler& handler) override {
    return server_.Watch(start, until, handler);
  }
  absl::StatusOr<JoinAnswer> Join(const std::string& request) override {
    return server_.Join(request);
  }
  absl::Status Upload(const std::string& token, const std::string& contest, const Digest& program,
                      std::string_view bytes) override {
    return server_.Upload(token, contest, program, bytes);
  }
  absl::StatusOr<SubmitAnswer> Submit(const std::string& token, const std::string& request,
                                      const std::string& message) override {
    return server_.Submit(token, request, message);
  }

 private:
  FakeServer& server_;
};

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() : folder_(*TempDir::Make()) {
    ledger_.Start();
    ledger_.Dataset();
    ledger_.OpenContest(DemoPolicy());
    Show();
  }

  // The server shows the ledger as it is now.
  void Show() {
    server_.entries = ledger_.entries();
    server_.checkpoint = ledger_.Checkpoint();
    server_.vkey = ledger_.Vkey();
  }
  // The server hands over what came since `first` as one event.
  void Hand(int64_t first) {
    WatchEvent event{.start = first, .checkpoint = ledger_.Checkpoint()};
    event.entries.assign(ledger_.entries().begin() + first, ledger_.entries().end());
    server_.events.push_back(event);
  }

  int Run(std::vector<std::string> words, const std::string& input = "") {
    in_.str(input);
    in_.clear();
    out_.str("");
    err_.str("");
    words.insert(words.begin(), "pinhole");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    const CommandContext context{
        .in = in_,
        .out = out_,
        .err = err_,
        .clock = clock_,
        .zone = absl::UTCTimeZone(),
        .home_path = Path("home"),
        .program_folder = Path("bin"),
        .connect = [this](const std::string& address,
                          const Digest& pin) -> absl::StatusOr<std::unique_ptr<Server>> {
          if (address != kServer) return absl::UnavailableError("nobody answers there");
          if (pin != Sha256("certificate")) return absl::DataLossError("IMPOSTOR REFUSED");
          return std::unique_ptr<Server>(std::make_unique<Borrowed>(server_));
        }};
    return static_cast<int>(RunCommandLine(context, static_cast<int>(argv.size()), argv.data()));
  }
  int Trust() {
    return Run(
        {"trust", kServer, "--pin", HexEncode(Sha256("certificate")), "--log-key", ledger_.Vkey()});
  }
  // Invites team red, joins, and brings the join into the ledger under the key that was made.
  void JoinAsRed() {
    ASSERT_EQ(Trust(), 0) << Err();
    ASSERT_TRUE(WriteKeyFile(Path("organizer.key"), TestKey(1)).ok());
    ASSERT_EQ(Run({"invite", "demo", "red", "--key", Path("organizer.key")}), 0) << Err();
    ASSERT_EQ(Run({"join", "-"}, Out()), 0) << Err();
    Take(server_.joins.back());
    ledger_.Round();
    Show();
  }
  // The vault takes a request into the ledger.
  void Take(const std::string& signed_request) {
    const absl::StatusOr<pipe::Request> request = pipe::ParseRequest(signed_request);
    ASSERT_TRUE(request.ok()) << request.status();
    if (const auto* join = std::get_if<pipe::JoinRequest>(&*request); join != nullptr) {
      const absl::StatusOr<log::TeamEntry> team = replay::PlanJoin(ledger_.state(), *join);
      ASSERT_TRUE(team.ok()) << team.status();
      ASSERT_TRUE(ledger_.Append(*log::Encode(*team)).ok());
      return;
    }
    const auto& submit = std::get<pipe::SubmitRequest>(*request);
    replay::ProgramCommitment commitment(submit.nonce);
    commitment.Update(AsBytes(server_.uploads.back().second));
    const auto admit = replay::PlanAdmit(ledger_.state(), submit, commitment.Finish());
    ASSERT_TRUE(admit.ok()) << admit.status();
    ASSERT_TRUE(ledger_.Append(*log::Encode(*admit)).ok());
  }
  // The one submission that is due gets its result.
  void Release(std::optional<int> level) {
    const auto& due = ledger_.contest().due.at(ledger_.contest().NextRound());
    const replay::Admission& admission = ledger_.contest().admissions.at(due.front());
    const int levels = ledger_.contest().policy.policy.scoring.scale.level_count();
    std::optional<score::Level> reached;
    if (level.has_value()) reached = ::pinhole::testing::LevelOfIndex(*level, levels);
    ASSERT_TRUE(ledger_.Append(*gate::Release(ledger_.contest(), admission, reached)).ok());
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Out() const { return out_.str(); }
  std::string Err() const { return err_.str(); }

  TempDir folder_;
  LedgerBuilder ledger_;
  FakeServer server_;
  FixedClock clock_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

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

TEST_F(CommandTest, AuditOfAServerAndOfItsBundle) {
  JoinAsRed();
  ASSERT_EQ(Run({"audit", "--save", Path("bundle")}), 0) << Out() << Err();
  const std::string screen = Out();
  EXPECT_THAT(screen, HasSubstr("signature ✓  root ✓"));
  ASSERT_EQ(Run({"audit", "--bundle", Path("bundle"), "--key", ledger_.Vkey()}), 0) << Out();
  EXPECT_EQ(Out(), screen);
  ASSERT_EQ(Run({"audit", "--server", kServer, "--key", ledger_.Vkey(), "--pin",
                 HexEncode(Sha256("certificate"))}),
            0)
      << Out();
  EXPECT_EQ(Out(), screen);
  const NoteVerifier other = *NoteVerifier::Create("vault.example/test", TestKey(9).public_key());
  EXPECT_EQ(Run({"audit", "--bundle", Path("bundle"), "--key", other.ToVkey()}), 4);
  EXPECT_THAT(Out(), HasSubstr("RED       the checkpoint is not signed by"));
}

TEST_F(CommandTest, ATamperedBundleEndsWithFour) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_EQ(Run({"audit", "--save", Path("bundle")}), 0) << Out() << Err();
  const std::string good = *ReadFile(Path("bundle"));
  for (size_t at = 0; at < good.size(); at += 397) {
    std::string bad = good;
    bad[at] ^= 1;
    std::ofstream(Path("bad"), std::ios::binary) << bad;
    EXPECT_EQ(Run({"audit", "--bundle", Path("bad"), "--key", ledger_.Vkey()}), 4) << at;
  }
}

TEST_F(CommandTest, AuditShowsOneEntry) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_EQ(Run({"audit", "entry", "2"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("POLICY"));
  EXPECT_THAT(Out(), HasSubstr("proof"));
  EXPECT_EQ(Run({"audit", "entry", "99"}), 1);
  ASSERT_EQ(Run({"audit", "--json", "entry", "0"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("\"type\":\"START\""));
}

TEST_F(CommandTest, MockAndRehearsalPolicyComeFromTheLedger) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_EQ(Run({"mock", "-o", Path("mock"), "--rows", "50"}), 0) << Err();
  EXPECT_EQ(*ReadFile(Path("mock/policy.entry")), ledger_.entries()[2]);
  EXPECT_EQ(ReadFile(Path("mock/truth/labels.rows"))->size(), 20'000U * 13);
  EXPECT_EQ(Run({"rehearse", Path("model"), "--data", Path("mock")}), 1);
  EXPECT_THAT(Err(), HasSubstr("--launcher"));
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
