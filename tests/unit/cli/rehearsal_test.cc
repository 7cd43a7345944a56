// Rehearsals in the real box, on mock data, as any user.
#include "client/cli/rehearsal_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "client/cli/rehearsal_screen.h"
#include "server/dataset/mock.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::DemoPolicy;
using ::pinhole::testing::LedgerBuilder;
using ::testing::HasSubstr;

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class RehearsalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LedgerBuilder ledger;
    ledger.Start();
    ledger.Dataset();
    contest::Policy policy = DemoPolicy();
    policy.limits.wall_ms = 1500;
    policy.limits.cpu_seconds = 6;
    policy.rounds.run_window_ms = 12'000;
    policy.scoring.scale = {.best = 0, .worst = 4'500'000, .step = 100'000};
    ledger.OpenContest(policy);
    ASSERT_TRUE(dataset::MakeMock(ledger.state().dataset()->shape, {}, 1, Folder()).ok());
    ASSERT_TRUE(WriteFileDurably(Folder() + "/policy.entry", ledger.entries()[2], 0644).ok());
  }
  std::string Folder() const { return folder_.path() + "/mock"; }
  RehearsalResult Run(const std::string& model) {
    const absl::StatusOr<contest::Policy> policy = ReadRehearsalPolicy(Folder());
    EXPECT_TRUE(policy.ok()) << policy.status();
    policy_ = *policy;
    const absl::StatusOr<RehearsalResult> result =
        Rehearse(*policy, Folder(), FromEnvironment("PINHOLE_TEST_BIN") + "/rehearsed_" + model,
                 FromEnvironment("PINHOLE_BIN") + "/pinhole-box");
    EXPECT_TRUE(result.ok()) << result.status();
    return *result;
  }

  TempDir folder_ = *TempDir::Make();
  contest::Policy policy_;
};

TEST_F(RehearsalTest, AGoodProgramIsScoredExactly) {
  const RehearsalResult result = Run("good");
  ASSERT_TRUE(result.scored()) << result.fault << EndText(policy_, result.report);
  // The middle of a uniform range is off by its standard deviation: 4.5 / sqrt(12), with 100 rows.
  EXPECT_NEAR(result.scores->public_score, 1.299, 0.2);
  EXPECT_EQ(result.scores->public_rows, 100);
  EXPECT_EQ(result.diagnostics, "a word to the author\n");
  EXPECT_THAT(RehearsalText(policy_, result), HasSubstr("exited with code 0"));
  EXPECT_THAT(RehearsalJson(policy_, result), HasSubstr("\"scored\": true"));
}

TEST_F(RehearsalTest, AFailureIsExplained) {
  struct Case {
    const char* model;
    const char* says;
  };
  for (const Case& c : {
           Case{"short", "row count 199, expected 200"},
           Case{"socket", "system call socket is not allowed; there is no network"},
           Case{"sleep", "the 1.5 s of wall time are over"},
           Case{"exit3", "exited with code 3"},
       }) {
    SCOPED_TRACE(c.model);
    const RehearsalResult result = Run(c.model);
    EXPECT_FALSE(result.scored());
    EXPECT_THAT(RehearsalText(policy_, result), HasSubstr(c.says));
    EXPECT_THAT(RehearsalText(policy_, result), HasSubstr("A real run would show FAILED"));
  }
}

TEST(RefusedCalls, HaveNames) {
  EXPECT_EQ(CallName(41), "socket");
  EXPECT_EQ(CallName(59), "execve");
  EXPECT_EQ(CallName(100'000), "number 100000");
  EXPECT_THAT(CallAdvice("fork"), HasSubstr("threads"));
  EXPECT_EQ(CallAdvice("read"), "");
}

}  // namespace
}  // namespace pinhole::cli
