// Names of calls, words for every end, and a posture that always has the same lines.
#include "sandbox/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

#include "sandbox/posture.h"

namespace pinhole::sandbox {
namespace {

using testing::HasSubstr;

TEST(SyscallNameTest, NamesAndGaps) {
  EXPECT_EQ(SyscallName(SYS_read), "read");
  EXPECT_EQ(SyscallName(SYS_io_uring_setup), "io_uring_setup");
  EXPECT_EQ(SyscallName(SYS_memfd_secret), "memfd_secret");
  for (const int number : {-1, 400, 1000, 0x40000000}) EXPECT_EQ(SyscallName(number), "") << number;
}

struct Case {
  const char* name;
  Outcome outcome;
  int detail;
  const char* says;
};

TEST(ExplainTest, EveryEndSaysWhatAndWhatToDo) {
  const Case cases[] = {
      {"exit_zero", Outcome::kExited, 0, "ended normally"},
      {"exit_one", Outcome::kExited, 1, "exit code 1"},
      {"crash", Outcome::kSignaled, SIGSEGV, "stack of more than 8 MiB"},
      {"illegal", Outcome::kSignaled, SIGILL, "-march=native"},
      {"wall", Outcome::kWallLimit, 0, "10s of wall time"},
      {"cpu", Outcome::kCpuLimit, 0, "10 s of processor time"},
      {"memory", Outcome::kMemoryLimit, 0, "268435456 bytes"},
      {"output", Outcome::kOutputLimit, 0, "16777216 bytes"},
      {"socket", Outcome::kForbiddenCall, SYS_socket, "no network"},
      {"fork", Outcome::kForbiddenCall, SYS_fork, "threads"},
      {"other", Outcome::kForbiddenCall, SYS_mount, "system call mount"},
      {"untold", Outcome::kForbiddenCall, -1, "32-bit or x32"},
      {"dynamic", Outcome::kNotExecutable, 0, "-static"},
      {"setup", Outcome::kSetupFailed, 0, "the step"},
  };
  for (const Case& expected : cases) {
    BoxReport report;
    report.outcome = expected.outcome;
    report.exit_code = report.signal = report.syscall = expected.detail;
    report.setup = "the step";
    EXPECT_THAT(Explain(report, BoxSpec{}), HasSubstr(expected.says)) << expected.name;
  }
}

TEST(PostureTest, SameLinesTwiceAndAConsequenceForEveryLack) {
  const std::vector<PostureLine> first = Inspect();
  const std::vector<PostureLine> second = Inspect();
  ASSERT_EQ(first.size(), second.size());
  ASSERT_FALSE(first.empty());
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].feature, second[i].feature);
    EXPECT_EQ(first[i].presence, second[i].presence);
    EXPECT_EQ(first[i].consequence.empty(), first[i].presence == Presence::kPresent)
        << first[i].feature;
    EXPECT_FALSE(first[i].found.empty()) << first[i].feature;
  }
}

}  // namespace
}  // namespace pinhole::sandbox
