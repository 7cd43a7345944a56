// The lane's cgroups on trees of plain files: what is detected, made, given, locked. That limits
// hold is tested in boxes, on the version that this machine has.
#include "sandbox/control_groups.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pinhole::sandbox {
namespace {

namespace fs = std::filesystem;
using protocol::Accounting;

class ControlGroupsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "pinhole-groups-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  void Put(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::string Get(const std::string& file) const {
    std::ifstream stream(root_ / file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  // As the kernel would fill the lane's directory.
  void MakeVersion2(const std::string& lane) const {
    Put("cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
    Put("cgroup.subtree_control", "");
    Put("pinhole/cgroup.subtree_control", "");
    Put("pinhole/" + lane + "/cgroup.procs", "");
    for (const char* file : {"/memory.max", "/memory.swap.max", "/pids.max"}) {
      Put("pinhole/" + lane + file, "max\n");
    }
  }

  fs::path root_;
};

// A unit with Delegate=yes, as files: the process goes to a leaf, so that the unit's group can pass
// its controllers on to the lanes'.
TEST_F(ControlGroupsTest, EntersALeafOfADelegatedGroup) {
  const std::string unit = "/system.slice/pinhole-vault.service";
  const std::string own = "3:pids:/elsewhere\n0::" + unit + "\n";
  struct Case {
    const char* name;
    std::string own;
  };
  for (const Case& c : {Case{"in the root", "0::/\n"}, Case{"version 1 alone", "3:pids:/a\n"},
                        Case{"nothing", ""}, Case{"no controllers", own}}) {
    SCOPED_TRACE(c.name);
    const auto entered = EnterDelegatedLeaf(root_.string(), c.own);
    EXPECT_EQ(entered.status().code(), absl::StatusCode::kFailedPrecondition);
  }
  Put(unit.substr(1) + "/cgroup.controllers", "memory pids\n");
  Put(unit.substr(1) + "/vault/cgroup.procs", "");
  const auto entered = EnterDelegatedLeaf(root_.string(), own);
  ASSERT_TRUE(entered.ok()) << entered.status();
  EXPECT_EQ(*entered, root_.string() + unit);
  EXPECT_EQ(Get(unit.substr(1) + "/vault/cgroup.procs"), std::to_string(getpid()));
}

TEST_F(ControlGroupsTest, DetectsWhatIsThere) {
  EXPECT_EQ(DetectAccounting(root_.string()), Accounting::kNone);
  // A version 2 tree whose controllers are held by version 1, as on a hybrid machine.
  Put("cgroup.controllers", "hugetlb\n");
  EXPECT_EQ(DetectAccounting(root_.string()), Accounting::kNone);
  Put("cgroup.controllers", "memory_like pids\n");
  EXPECT_EQ(DetectAccounting(root_.string()), Accounting::kNone);
  Put("memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(DetectAccounting(root_.string()), Accounting::kNone);
  fs::create_directories(root_ / "pids");
  EXPECT_EQ(DetectAccounting(root_.string()), Accounting::kVersion1);
  Put("cgroup.controllers", "cpu memory pids\n");
  EXPECT_EQ(DetectAccounting(root_.string()), Accounting::kVersion2);
}

TEST_F(ControlGroupsTest, NamesAreStrict) {
  MakeVersion2("lane");
  for (const char* name : {"", ".", "..", "a/b", "Lane", "lane.1", "a b",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(ControlGroups::Create(root_.string(), name, getuid()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
}

TEST_F(ControlGroupsTest, NoControllersIsAnErrorWithAdvice) {
  const absl::Status status = ControlGroups::Create(root_.string(), "lane", getuid()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("degraded"), status.message().npos);
}

TEST_F(ControlGroupsTest, Version2PassesControllersOnAndEntersOneGroup) {
  MakeVersion2("lane");
  absl::StatusOr<ControlGroups> groups = ControlGroups::Create(root_.string(), "lane", getuid());
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ(groups->accounting(), Accounting::kVersion2);
  EXPECT_EQ(groups->memory_directory(), groups->pids_directory());
  EXPECT_EQ(Get("cgroup.subtree_control"), "+memory +pids");
  EXPECT_EQ(Get("pinhole/cgroup.subtree_control"), "+memory +pids");
  EXPECT_TRUE(groups->Enter(4194304).ok());  // above every process number
  EXPECT_EQ(Get("pinhole/lane/cgroup.procs"), "4194304");
  Put("pinhole/lane/cgroup.procs", "");
}

// A unit's UMask=0077 must not keep a lane's user out of the lane's own group.
TEST_F(ControlGroupsTest, LanesMayEnterTheirGroupsUnderAnyMask) {
  Put("memory/memory.limit_in_bytes", "9223372036854771712\n");
  Put("pids/pids.max", "max\n");
  const mode_t before = umask(0077);
  const absl::StatusOr<ControlGroups> groups =
      ControlGroups::Create(root_.string(), "lane", getuid());
  umask(before);
  ASSERT_TRUE(groups.ok()) << groups.status();
  for (const char* folder :
       {"memory/pinhole", "memory/pinhole/lane", "pids/pinhole", "pids/pinhole/lane"}) {
    EXPECT_EQ(fs::status(root_ / folder).permissions(), fs::perms{0755}) << folder;
  }
}

TEST_F(ControlGroupsTest, Version1EntersBothGroups) {
  for (const char* controller : {"memory", "pids"}) {
    Put(std::string(controller) + "/pinhole/lane/cgroup.procs", "");
  }
  Put("memory/memory.limit_in_bytes", "9223372036854771712\n");
  absl::StatusOr<ControlGroups> groups = ControlGroups::Create(root_.string(), "lane", getuid());
  ASSERT_TRUE(groups.ok()) << groups.status();
  EXPECT_EQ(groups->accounting(), Accounting::kVersion1);
  EXPECT_NE(groups->memory_directory(), groups->pids_directory());
  EXPECT_TRUE(groups->Enter(4194304).ok());
  for (const char* controller : {"memory", "pids"}) {
    EXPECT_EQ(Get(std::string(controller) + "/pinhole/lane/cgroup.procs"), "4194304");
    Put(std::string(controller) + "/pinhole/lane/cgroup.procs", "");
  }
}

TEST_F(ControlGroupsTest, OneHolderAtATime) {
  MakeVersion2("lane");
  absl::StatusOr<ControlGroups> holder = ControlGroups::Create(root_.string(), "lane", getuid());
  ASSERT_TRUE(holder.ok()) << holder.status();
  EXPECT_EQ(ControlGroups::Create(root_.string(), "lane", getuid()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const ControlGroups moved = *std::move(holder);
  EXPECT_EQ(ControlGroups::Create(root_.string(), "lane", getuid()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace pinhole::sandbox
