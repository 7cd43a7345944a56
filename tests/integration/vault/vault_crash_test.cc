// kill -9 of the vault at every named step and at random moments: one RESULT for each ADMIT, the
// same bytes for committed levels, and a ledger that an auditor accepts.
#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
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
  return ReadFile(testing::TestBin("conduct_" + conduct)).value_or("");
}

// The symbols of the three submissions below, whatever happened on the way.
const std::vector<std::string> kExpected = {"0.6", "0.3", "0.4"};

class Crash : public ::testing::TestWithParam<const char*> {};

// Plays one contest with two teams and three submissions; the vault dies once, at the place, and is
// started again at once.
TEST_P(Crash, LosesNothingAndDoesNothingTwice) {
  VaultHarness vault(
      {.program = "pinhole-vault-faults", .lanes = 2, .waiting = 20, .acts_bits = 1000});
  FrontDriver front(vault.socket());
  vault.OpenContest();
  while (front.mirror().Find("demo") == nullptr) ASSERT_TRUE(front.Exchange({}).ok());
  // The second life has the fault in its environment, the third has none.
  vault.process().Kill(SIGKILL);
  vault.process().Wait(absl::Seconds(5));
  vault.Serve({{"PINHOLE_FAULT", GetParam()}});

  std::vector<std::pair<std::string, std::string>> batch = {{JoinText("ada", 10), ""},
                                                            {JoinText("bob", 11), ""}};
  for (const auto& [key, conduct] :
       std::vector<std::pair<uint8_t, std::string>>{{10, "honest"}, {10, "better"}, {11, "slow"}}) {
    const std::string program = Program(conduct);
    batch.emplace_back(SubmitText(front.mirror(), key, program, conduct), program);
  }
  bool died = false;
  const auto finished = [&] {
    const replay::Contest* contest = front.mirror().Find("demo");
    return contest->admissions.size() == 3 && contest->due.empty();
  };
  for (int i = 0; i < 40 && !finished(); ++i) {
    static_cast<void>(front.Exchange(
        batch, absl::Seconds(4)));  // an honest front sends again until the ledger answers
    if (!died && ::kill(vault.process().pid(), 0) == 0) {
      siginfo_t info = {};
      if (::waitid(P_PID, static_cast<id_t>(vault.process().pid()), &info,
                   WEXITED | WNOHANG | WNOWAIT) == 0 &&
          info.si_pid != 0) {
        EXPECT_EQ(info.si_status, SIGKILL) << vault.Output();
        died = true;
        vault.Serve();
      }
    }
  }
  ASSERT_TRUE(finished()) << vault.Output();
  EXPECT_TRUE(died) << "the place was never passed: the test tests nothing";

  const replay::Contest* contest = front.mirror().Find("demo");
  std::vector<std::string> texts;
  for (const auto& [index, admission] : contest->admissions)
    texts.push_back(admission.result->text);
  EXPECT_EQ(texts, kExpected);
  int results = 0;
  int starts = 0;
  for (const std::string& entry : front.entries()) {
    results += log::EntryType(entry) == "RESULT" ? 1 : 0;
    starts += log::EntryType(entry) == "START" ? 1 : 0;
  }
  EXPECT_EQ(results, 3);
  EXPECT_EQ(starts, 3);
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, Crash,
                         ::testing::Values("program-received", "batch-taken", "results-appended:2",
                                           "admit-appended:2", "before-commit:2", "after-commit:2",
                                           "hand-over:3", "run-begin:2", "before-level:2",
                                           "after-level:1", "runs-done:2"),
                         [](const auto& place) {
                           std::string name(place.param);
                           for (char& c : name) c = c == '-' || c == ':' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace pinhole
