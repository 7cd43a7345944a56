// What an operator sees of the real vault: a log that tells nothing of private runs, and a stop
// that waits for the exchange.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "server/system/files.h"
#include "tests/support/ledger_builder.h"
#include "tests/support/vault_harness.h"

namespace pinhole {
namespace {

using testing::FrontDriver;
using testing::JoinText;
using testing::RunCommand;
using testing::SubmitText;
using testing::VaultHarness;

constexpr absl::Duration kPatience = absl::Seconds(40);

std::string Program(const std::string& conduct) {
  return ReadFile(testing::TestBin("conduct_" + conduct)).value_or("");
}

// One team in an open contest.
void Begin(VaultHarness& vault, FrontDriver& front) {
  vault.OpenContest();
  while (front.mirror().Find("demo") == nullptr) ASSERT_TRUE(front.Exchange({}, kPatience).ok());
  // Before round 1 the vault takes no batch: it is sent again, as a front does.
  for (int i = 0; i < 10 && front.mirror().Find("demo")->teams.empty(); ++i) {
    ASSERT_TRUE(front.Exchange({{JoinText("ada", 10), ""}}, kPatience).ok());
  }
  ASSERT_EQ(front.mirror().Find("demo")->teams.size(), 1U);
}

void Submit(FrontDriver& front, const std::string& conduct) {
  const std::string program = Program(conduct);
  ASSERT_TRUE(
      front.Exchange({{SubmitText(front.mirror(), 10, program, "one"), program}}, kPatience).ok());
  ASSERT_EQ(front.mirror().Find("demo")->admissions.size(), 1U);
}

size_t Count(const FrontDriver& front, std::string_view type) {
  return static_cast<size_t>(
      std::count_if(front.entries().begin(), front.entries().end(),
                    [&](const std::string& entry) { return log::EntryType(entry) == type; }));
}

// The log of a contest in which one program behaved as `conduct`, without its clock times.
std::string LogOf(const std::string& conduct) {
  VaultHarness vault({.lanes = 1});
  FrontDriver front(vault.socket());
  Begin(vault, front);
  Submit(front, conduct);
  for (int i = 0; i < 5 && !front.mirror().Find("demo")->due.empty(); ++i)
    EXPECT_TRUE(front.Exchange({}, kPatience).ok());
  EXPECT_EQ(Count(front, "RESULT"), 1U);
  vault.process().Kill(SIGTERM);
  EXPECT_EQ(vault.process().Wait(kPatience), 0) << vault.Output();
  std::string log;
  const std::vector<std::string> lines = absl::StrSplit(vault.Output(), '\n', absl::SkipEmpty());
  for (const std::string_view line : lines) {
    const size_t event = line.find("event=");
    EXPECT_EQ(line.substr(0, 5), "time=") << line;
    EXPECT_NE(event, std::string_view::npos) << line;
    log += std::string(line.substr(std::min(event, line.size()))) + "\n";
  }
  return log;
}

TEST(Operations, TheLogIsTheSameHoweverAPrivateRunWent) {
  const auto undisturbed = [](const std::string& conduct) {
    std::string log;
    // A machine that is late moves rounds, which is public, and not what is compared here.
    for (int i = 0; i < 4; ++i) {
      log = LogOf(conduct);
      if (log.find("rounds-moved") == std::string::npos) break;
    }
    return log;
  };
  const std::string log = undisturbed("honest");
  EXPECT_NE(log.find("event=exchange round=3 joined=0 admitted=0 released=1"), std::string::npos)
      << log;
  for (const char* conduct : {"crash", "hang", "flood"}) EXPECT_EQ(undisturbed(conduct), log);
}

TEST(Operations, AStopWithRunsDueWaitsForTheirExchangeAndCostsNoShift) {
  VaultHarness vault({.lanes = 1, .round_seconds = 8});
  FrontDriver front(vault.socket());
  Begin(vault, front);
  Submit(front, "honest");
  const replay::Contest& contest = *front.mirror().Find("demo");
  const int64_t due = contest.due.begin()->first;
  const int64_t exchange_ms = contest.Clock().ExchangeMs(due);
  // In the middle of its run window.
  absl::SleepFor(absl::FromUnixMillis(contest.Clock().StartMs(due) + 1000) - absl::Now());
  vault.process().Kill(SIGTERM);
  vault.process().Kill(SIGTERM);
  ASSERT_TRUE(front.Exchange({}, kPatience).ok());
  vault.process().Kill(SIGINT);
  EXPECT_EQ(vault.process().Wait(kPatience), 0) << vault.Output();
  EXPECT_GE(absl::ToUnixMillis(absl::Now()), exchange_ms);
  EXPECT_EQ(Count(front, "RESULT"), 1U);
  EXPECT_NE(vault.Output().find("event=stopped why=asked"), std::string::npos);

  vault.Serve();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(front.Exchange({}, kPatience).ok());
  EXPECT_EQ(Count(front, "START"), 2U);
  EXPECT_EQ(Count(front, "SHIFT"), 0U) << vault.Output();
}

TEST(Operations, AStopWithNothingDueIsAtOnce) {
  VaultHarness vault({.lanes = 1, .round_seconds = 60});
  FrontDriver front(vault.socket());
  vault.OpenContest();
  while (front.mirror().Find("demo") == nullptr) ASSERT_TRUE(front.Exchange({}, kPatience).ok());
  absl::SleepFor(absl::FromUnixMillis(front.mirror().Find("demo")->Clock().StartMs(1) + 500) -
                 absl::Now());
  vault.process().Kill(SIGTERM);
  EXPECT_EQ(vault.process().Wait(absl::Seconds(20)), 0) << vault.Output();  // not the 50 s
}

// A second vault of any folder gives way to one that holds the machine, and comes when it ended.
TEST(Operations, ASecondVaultOnTheMachineIsRefused) {
  VaultHarness first({.lanes = 1, .machine_lock = true});
  const std::string other = first.folder() + "/other";
  int code = -1;
  RunCommand({"/bin/cp", "-a", first.vault_folder(), other}, code);
  ASSERT_EQ(code, 0);
  const std::string refused = RunCommand({testing::Bin("pinhole-vault"), "serve", other}, code);
  EXPECT_NE(code, 0);
  EXPECT_NE(refused.find("a vault serves on this machine"), std::string::npos) << refused;
  FrontDriver front(first.socket());
  EXPECT_TRUE(front.Exchange({}, kPatience).ok()) << "the first serves on: " << first.Output();
  first.process().Kill(SIGKILL);
  first.process().Wait(kPatience);
  first.Serve();  // nothing is left of a dead one's hold
}

// As an operator meets it: so many starts are paid, the next one ends the contest and says so, and
// the vault serves on.
TEST(Operations, AStartThatCannotBePaidStopsTheContestAndServes) {
  VaultHarness vault({.lanes = 1, .acts_bits = 50});
  FrontDriver front(vault.socket());
  Begin(vault, front);
  Submit(front, "honest");
  const auto closed = [&front] {
    return front.mirror().Find("demo")->phase == replay::Phase::kClosed;
  };
  int restarts = 0;
  // The bits are for three starts; a SHIFT of a slow machine leaves fewer.
  for (; restarts < 4 && !closed(); ++restarts) {
    vault.process().Kill(SIGKILL);
    vault.process().Wait(kPatience);
    vault.Serve();
    ASSERT_TRUE(front.Exchange({}, kPatience).ok()) << vault.Output();
  }
  EXPECT_TRUE(closed()) << vault.Output();
  EXPECT_GT(restarts, 1) << "the first start is paid";
  EXPECT_TRUE(front.mirror().Find("demo")->stopped);
  EXPECT_NE(vault.Output().find("event=contest-stopped"), std::string::npos) << vault.Output();
  ASSERT_TRUE(front.Exchange({}, kPatience).ok()) << "it serves on: " << vault.Output();
}

}  // namespace
}  // namespace pinhole
