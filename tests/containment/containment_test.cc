// Runs the box's table of attacks: each row twice, sealed and as a rehearsal, which must end alike,
// and once outside of a box.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sandbox/launcher/syscalls.h"
#include "tests/containment/catalogue.h"
#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

constexpr int kOutsideFailed = 250;  // the control could not be started
constexpr int kNoSuchAttack = 255;

int Detail(const BoxReport& report) {
  switch (report.outcome) {
    case Outcome::kExited:
      return report.exit_code;
    case Outcome::kSignaled:
      return report.signal;
    case Outcome::kForbiddenCall:
      return report.syscall;
    default:
      return 0;
  }
}

// Outside a box, as the same user, and with the view where the environment says. The exit code, or
// the negative number of the signal.
int RunOutside(const char* attack, const std::string& view) {
  static const UniqueFd program = FileOf(ReadFile(ProgramPath("hostile")));
  std::string name(attack);
  std::string place = "PINHOLE_CONTROL_VIEW=" + view;
  char* const arguments[] = {name.data(), name.data(), nullptr};
  char* const environment[] = {place.data(), nullptr};
  const pid_t child = fork();
  if (child == 0) {
    const gid_t group = kViewGid;
    if (setgroups(1, &group) != 0 || setresgid(kLaneGid, kLaneGid, kLaneGid) != 0 ||
        setresuid(kLaneUid, kLaneUid, kLaneUid) != 0 || dup2(open("/dev/null", O_RDWR), 1) < 0) {
      _exit(kOutsideFailed);
    }
    // At the number that the launcher uses, for the attacks that try it.
    dup2(program.get(), launcher::kProgramFd);
    fexecve(program.get(), arguments, environment);
    _exit(kOutsideFailed);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

class ContainmentTest : public LaneTest {
 protected:
  // gtest's way to run a table without a process per row: the lane stays.
  static void Check(const Case& row, Diagnostics diagnostics) {
    Case expected = row;
    if (row.outside == Outside::kGate && RunOutside(row.attack, view_path()) == -SIGSEGV) {
      expected.outcome = Outcome::kSignaled;
      expected.detail = SIGSEGV;
    }
    BoxSpec spec = SmallBox();
    spec.diagnostics = diagnostics;
    absl::StatusOr<Seen> seen = RunProgram(SharedLane(), HostileProgram(expected.attack), spec);
    ASSERT_TRUE(seen.ok()) << expected.attack << ": " << seen.status();
    const BoxReport& report = seen->report;
    EXPECT_EQ(OutcomeName(report.outcome), OutcomeName(expected.outcome))
        << expected.attack << ": exit " << report.exit_code << " signal " << report.signal
        << " call " << report.syscall << " " << report.setup;
    if (report.outcome != expected.outcome) return;
    const bool untold =
        report.outcome == Outcome::kForbiddenCall && diagnostics == Diagnostics::kSealed;
    EXPECT_EQ(Detail(report), untold ? -1 : expected.detail) << expected.attack;
  }
};

TEST_F(ContainmentTest, EveryAttackSealed) {
  for (const Case& row : AllCases()) Check(row, Diagnostics::kSealed);
}

TEST_F(ContainmentTest, EveryAttackInRehearsal) {
  for (const Case& row : AllCases()) Check(row, Diagnostics::kRehearsal);
}

// The same attacks without the box: if they did not succeed, what the table shows would prove
// nothing.
TEST_F(ContainmentTest, WithoutTheBoxTheAttacksSucceed) {
  int run = 0;
  for (const Case& row : AllCases()) {
    if (row.outside == Outside::kHarms || row.outside == Outside::kNoAttack) continue;
    const int result = RunOutside(row.attack, view_path());
    if (row.layer == Layer::kReadOnly) SetUp();  // where it succeeds it changes the view
    RecordProperty(row.attack, result);
    ++run;
    switch (row.outside) {
      case Outside::kSucceeds:
        EXPECT_EQ(result, 0) << row.attack;
        break;
      case Outside::kReachesKernel:
        EXPECT_GE(result, 0) << row.attack;
        EXPECT_NE(result, ENOSYS) << row.attack;
        EXPECT_LT(result, kOutsideFailed) << row.attack;
        break;
      default:
        EXPECT_NE(result, kOutsideFailed) << row.attack;
        EXPECT_NE(result, kNoSuchAttack) << row.attack;
    }
  }
  RecordProperty("controls", run);
}

}  // namespace
}  // namespace pinhole::sandbox
