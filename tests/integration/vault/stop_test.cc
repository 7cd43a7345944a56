// A stop as the front sees it: with runs due the socket closes after their exchange, whenever the
// runs ended; without, at once.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "server/system/files.h"
#include "tests/integration/vault/hostile_connection.h"
#include "tests/support/vault_harness.h"

namespace pinhole {
namespace {

using testing::FrontDriver;
using testing::JoinText;
using testing::SubmitText;
using testing::VaultHarness;
using testing::WaitUntilMs;

constexpr int64_t kIntoTheRunWindowMs = 200;

void AwaitContest(VaultHarness& vault, FrontDriver& front) {
  vault.OpenContest();
  while (front.mirror().Find("demo") == nullptr) ASSERT_TRUE(front.Exchange({}).ok());
}

// What a front sees of a stop that was asked for while a run of this conduct was due.
struct Seen {
  std::string result;              // the symbol's text
  std::vector<std::string> types;  // of the entries of the last exchange
  size_t bytes = 0;                // vault to front in it
};

Seen StopBesideARun(const std::string& conduct) {
  VaultHarness vault({.lanes = 1});
  FrontDriver front(vault.socket());
  AwaitContest(vault, front);
  const std::string program = ReadFile(testing::TestBin("conduct_" + conduct)).value_or("");
  EXPECT_FALSE(program.empty());
  const auto contest = [&] { return front.mirror().Find("demo"); };
  // Before round 1, and in a window that was too short, the vault takes no batch: it is sent again.
  absl::StatusOr<int64_t> round = 0;
  for (int i = 0; i < 10 && contest()->admissions.empty(); ++i) {
    round = front.Exchange(
        {{JoinText("ada", 10), ""}, {SubmitText(front.mirror(), 10, program, "one"), program}});
    if (!round.ok()) break;
  }
  if (!round.ok()) {
    ADD_FAILURE() << round.status();
    return {};
  }
  if (!contest()->due.contains(*round + 1)) {
    ADD_FAILURE() << "no run is due";
    return {};
  }
  const schedule::RoundClock clock = contest()->Clock();
  WaitUntilMs(clock.StartMs(*round + 1) + kIntoTheRunWindowMs);
  vault.process().Kill(SIGTERM);
  // The exchange comes, whole and on its connection, as if nobody had asked.
  const auto last = front.Exchange({}, absl::Seconds(8));
  EXPECT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last.value_or(0), *round + 1);
  const auto closed = front.AwaitClose(absl::Seconds(8));
  EXPECT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(vault.process().Wait(absl::Seconds(8)), 0) << vault.Output();

  const FrontDriver::Recorded& record = front.recorded().back();
  EXPECT_GE(record.opened_us / 1000, clock.ExchangeMs(*round + 1));
  const auto size = static_cast<int64_t>(front.entries().size());
  EXPECT_EQ(record.bytes, vault.Owed(record.round, record.first, front.entries(), size));
  Seen seen{.bytes = record.bytes.size()};
  for (int64_t i = record.first; i < size; ++i)
    seen.types.emplace_back(log::EntryType(front.entries()[static_cast<size_t>(i)]));
  for (const auto& [index, admission] : contest()->admissions) {
    if (admission.result.has_value()) seen.result = admission.result->text;
  }
  return seen;
}

TEST(Stop, WithRunsDueLooksTheSameWheneverTheyEnd) {
  const Seen at_once = StopBesideARun("crash");
  const Seen at_its_limit = StopBesideARun("hang");
  EXPECT_EQ(at_once.result, "FAILED");
  EXPECT_EQ(at_its_limit.result, at_once.result);
  EXPECT_EQ(at_once.types, (std::vector<std::string>{"RESULT", "ROUND"}));
  EXPECT_EQ(at_its_limit.types, at_once.types);
  EXPECT_EQ(at_its_limit.bytes, at_once.bytes);
}

TEST(Stop, WithoutRunsDueIsAtOnce) {
  VaultHarness vault({.lanes = 1, .round_seconds = 8});
  FrontDriver front(vault.socket());
  AwaitContest(vault, front);
  const auto round = front.Exchange({});
  ASSERT_TRUE(round.ok()) << round.status();
  const schedule::RoundClock clock = front.mirror().Find("demo")->Clock();
  WaitUntilMs(clock.StartMs(*round + 1) + kIntoTheRunWindowMs);
  vault.process().Kill(SIGTERM);
  const auto closed = front.AwaitClose(absl::Seconds(8));
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_LT(*closed, clock.ExchangeMs(*round + 1)) << "it waited for the exchange";
  EXPECT_EQ(vault.process().Wait(absl::Seconds(8)), 0) << vault.Output();
}

}  // namespace
}  // namespace pinhole
