// The real vault, driven by frames: what it admits and releases, and every byte it lets out.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "server/system/files.h"
#include "tests/support/ledger_builder.h"
#include "tests/support/vault_harness.h"

namespace pinhole {
namespace {

using testing::FrontDriver;
using testing::JoinText;
using testing::SubmitText;
using testing::VaultHarness;

std::string Program(const std::string& conduct) {
  const auto bytes = ReadFile(testing::TestBin("conduct_" + conduct));
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

// Exchanges, with empty batches, until `done` holds for the mirror.
template <typename Done>
void ExchangeUntil(FrontDriver& front, const Done& done) {
  for (int i = 0; i < 40 && !done(front.mirror()); ++i) {
    const auto round = front.Exchange({});
    ASSERT_TRUE(round.ok()) << round.status();
  }
  ASSERT_TRUE(done(front.mirror()));
}

bool HasContest(const replay::LedgerState& mirror) { return mirror.Find("demo") != nullptr; }
bool AllReleased(const replay::LedgerState& mirror) { return mirror.Find("demo")->due.empty(); }

// Opens the contest, and joins `teams` with keys 10, 11, …
void Begin(VaultHarness& vault, FrontDriver& front, const std::vector<std::string>& teams) {
  vault.OpenContest();
  ExchangeUntil(front, HasContest);
  std::vector<std::pair<std::string, std::string>> joins;
  for (size_t i = 0; i < teams.size(); ++i)
    joins.emplace_back(JoinText(teams[i], static_cast<uint8_t>(10 + i)), "");
  for (int i = 0; i < 10 && front.mirror().Find("demo")->teams.size() < teams.size(); ++i) {
    ASSERT_TRUE(front.Exchange(joins).ok());
  }
  ASSERT_EQ(front.mirror().Find("demo")->teams.size(), teams.size());
}

std::map<int64_t, std::string> Symbols(const replay::LedgerState& mirror) {
  std::map<int64_t, std::string> symbols;
  for (const auto& [index, admission] : mirror.Find("demo")->admissions) {
    symbols[index] = admission.result.has_value() ? admission.result->text : "?";
  }
  return symbols;
}

TEST(Vault, ReleasesOneSymbolForEachAdmissionInItsRound) {
  VaultHarness vault({.lanes = 2, .tries = 20, .waiting = 20});
  FrontDriver front(vault.socket());
  Begin(vault, front, {"ada", "bob", "cyd"});

  // Honest programs improve; every other conduct is the failure symbol: FAILED while notices are
  // left, NOT_IMPROVED after.
  const std::vector<std::pair<std::string, std::string>> ada = {{"honest", "0.6"},
                                                                {"better", "0.3"}};
  const std::vector<std::string> failing = {"garbage", "too_few", "too_many", "not_a_number",
                                            "crash",   "hang",    "fork",     "flood",
                                            "early",   "nonzero", "silent"};
  std::vector<std::pair<std::string, std::string>> batch;
  for (const auto& [conduct, unused] : ada) {
    const std::string program = Program(conduct);
    batch.emplace_back(SubmitText(front.mirror(), 10, program, conduct), program);
  }
  for (const std::string& conduct : failing) {
    const std::string program = Program(conduct);
    batch.emplace_back(SubmitText(front.mirror(), 11, program, conduct), program);
  }
  ASSERT_TRUE(front.Exchange(batch).ok());
  const replay::Contest* contest = front.mirror().Find("demo");
  ASSERT_EQ(contest->admissions.size(), batch.size());
  ExchangeUntil(front, AllReleased);

  const std::map<int64_t, std::string> symbols = Symbols(front.mirror());
  std::vector<std::string> texts;
  for (const auto& [index, text] : symbols) texts.push_back(text);
  // The exact scores behind the levels: computed here from the same labels, rounded up to the step.
  EXPECT_EQ(texts[0], "0.6") << "rmse of 5";
  EXPECT_EQ(texts[1], "0.3") << "rmse of 4.5";
  for (size_t i = 0; i < failing.size(); ++i) {
    EXPECT_EQ(texts[2 + i], i < 3 ? "FAILED" : "NOT_IMPROVED") << failing[i];
  }
  for (const auto& [index, admission] : contest->admissions) {
    EXPECT_EQ(admission.result->round, admission.entry.result_round);
  }

  // The same request again, and the same program under another id: nothing new, no try spent.
  const size_t before = contest->admissions.size();
  const std::string honest = Program("honest");
  ASSERT_TRUE(front
                  .Exchange({{SubmitText(front.mirror(), 10, honest, "honest"), honest},
                             {SubmitText(front.mirror(), 10, honest, "another id"), honest}})
                  .ok());
  EXPECT_EQ(front.mirror().Find("demo")->admissions.size(), before);

  // Every byte that left is what the ledger says, and nothing else.
  for (size_t i = 0; i < front.recorded().size(); ++i) {
    const FrontDriver::Recorded& record = front.recorded()[i];
    EXPECT_EQ(record.bytes,
              vault.Owed(record.round, record.first, front.entries(), front.SizeAfter(i)))
        << "round " << record.round;
  }
}

TEST(Vault, TakesNothingThatIsNotSigned) {
  VaultHarness vault({.lanes = 1});
  FrontDriver front(vault.socket());
  Begin(vault, front, {"ada"});
  const std::string honest = Program("honest");
  const std::string good = SubmitText(front.mirror(), 10, honest, "one");

  struct Case {
    const char* name;
    std::string request;
    std::string program;
  };
  std::string other_team = good;
  const size_t key_at = other_team.find("team_key=") + 9;
  other_team.replace(key_at, 64, testing::TestKey(11).public_key().ToHex());
  std::string flipped = good;
  flipped[flipped.find("signature=") + 12] ^= 1;
  std::string other_program = honest;
  other_program[honest.size() / 2] ^= 1;
  const SigningKey forger = testing::TestKey(66);
  const std::string uninvited = pipe::Encode(pipe::SignJoin(
      forger, forger, pipe::SignInvitation(forger, "demo", "eve", forger.public_key())));
  for (const Case& c :
       {Case{"another team's key", other_team, honest},
        Case{"a changed signature", flipped, honest},
        Case{"another program's bytes", good, other_program},
        Case{"a key of no team", SubmitText(front.mirror(), 55, honest, "one"), honest},
        Case{"an invitation by somebody else", uninvited, ""},
        Case{"no request at all", "please", ""}}) {
    SCOPED_TRACE(c.name);
    // The vault may drop the connection; then the hand-over comes with the next exchange.
    static_cast<void>(front.Exchange({{c.request, c.program}}, absl::Seconds(4)));
    ASSERT_TRUE(front.Exchange({}).ok());
    EXPECT_TRUE(front.mirror().Find("demo")->admissions.empty());
    EXPECT_EQ(front.mirror().Find("demo")->teams.size(), 1U);
  }
  ASSERT_TRUE(front.Exchange({{good, honest}}).ok());
  EXPECT_EQ(front.mirror().Find("demo")->admissions.size(), 1U);
}

// The front's user sees the socket and nothing else of the vault.
TEST(Vault, KeepsTheFrontOut) {
  VaultHarness vault({.lanes = 1});
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(testing::kFrontGroup) != 0 || ::setuid(testing::kFrontGroup) != 0) ::_exit(100);
    int readable = 0;
    for (const char* path :
         {"/data/truth/labels.rows", "/data/truth", "/data/view", "/data/view/contest.db",
          "/private", "/private/vault.db", "/private/signing-key"}) {
      const int fd = ::open((vault.vault_folder() + path).c_str(), O_RDONLY);
      if (fd >= 0 || errno != EACCES) ++readable;
    }
    ::_exit(readable);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "paths that the front's user can open";
  // As root the same paths open: the test looks at the right places.
  for (const char* path : {"/data/truth/labels.rows", "/data/view/contest.db", "/private/vault.db",
                           "/private/signing-key"}) {
    EXPECT_TRUE(OpenForRead(vault.vault_folder() + path).ok()) << path;
  }
  // The vault itself: no network, no core, not root, no new privileges.
  const std::string proc = absl::StrFormat("/proc/%d/", vault.process().pid());
  const std::string status_text = *ReadFile(proc + "status");
  EXPECT_NE(status_text.find("Uid:\t64001\t64001\t64001\t64001"), std::string::npos) << status_text;
  EXPECT_NE(status_text.find("Seccomp:\t2"), std::string::npos);
  EXPECT_NE(status_text.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(status_text.find("CapEff:\t0000000000000000"), std::string::npos);
  const std::string interfaces = *ReadFile(proc + "net/dev");
  EXPECT_EQ(std::count(interfaces.begin(), interfaces.end(), ':'), 1)
      << interfaces;  // lo, and it is down
}

}  // namespace
}  // namespace pinhole
