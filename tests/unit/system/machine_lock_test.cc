#include "server/system/machine_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/system/files.h"
#include "server/system/temp_dir.h"

namespace pinhole {
namespace {

using ::testing::HasSubstr;

class MachineLock : public ::testing::Test {
 protected:
  const TempDir folder_ = *TempDir::Make();
  const std::string path_ = folder_.path() + "/machine.lock";
};

TEST_F(MachineLock, IsFreeUntilSomebodyHoldsItAndAfterwards) {
  EXPECT_TRUE(CheckMachineFree(path_).ok());
  EXPECT_TRUE(CheckMachineFree(folder_.path() + "/no/folder").ok());
  {
    const auto held = HoldMachine(path_);
    ASSERT_TRUE(held.ok()) << held.status();
    EXPECT_THAT(std::string(CheckMachineFree(path_).message()), HasSubstr("a vault serves"));
    EXPECT_THAT(std::string(HoldMachine(path_).status().message()), HasSubstr("a vault serves"));
  }
  EXPECT_TRUE(CheckMachineFree(path_).ok());
  EXPECT_TRUE(HoldMachine(path_).ok()) << "what was left behind is taken again";
}

// Whoever dies lets go, however he dies.
TEST_F(MachineLock, EndsWithItsProcess) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = HoldMachine(path_);
    if (::write(ready[1], held.ok() ? "y" : "n", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(CheckMachineFree(path_).ok());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(CheckMachineFree(path_).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(MachineLock, RefusesAFileThatOthersCouldHold) {
  ASSERT_TRUE(WriteFileDurably(path_, "", 0600).ok());
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  EXPECT_THAT(std::string(HoldMachine(path_).status().message()), HasSubstr("mode 0600"));
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_EQ(::symlink("/dev/null", path_.c_str()), 0);
  EXPECT_FALSE(HoldMachine(path_).ok());
}

// Another user cannot look whether it is held, so the file alone says that a vault is there; and he
// cannot hold it.
TEST_F(MachineLock, OfAnotherUserRefusesWithoutBeingHeld) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  ASSERT_TRUE(HoldMachine(path_).ok());  // made, and given back
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(9);
    ::_exit((CheckMachineFree(path_).ok() ? 1 : 0) + (HoldMachine(path_).ok() ? 2 : 0));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace pinhole
