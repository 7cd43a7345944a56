// Which groups a unit's launcher takes for its own, on trees of plain files. Version 2 is tested
// here alone on a machine whose version 1 holds the controllers; version 1 also with real groups,
// by whole contests.
#include "sandbox/launcher/own_groups.h"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace pinhole::sandbox::launcher {
namespace {

namespace fs = std::filesystem;
using protocol::Accounting;

class OwnGroupsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "pinhole-own-groups-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  void Put(const std::string& file, const char* text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::string Get(const std::string& file) const {
    std::ifstream stream(root_ / file);
    std::string text;
    std::getline(stream, text, '\0');
    return text;
  }
  // A version 2 group of a unit; the kernel makes the files of "lane" when it is made.
  void PutUnit(const char* controllers) const {
    Put("unit/cgroup.controllers", controllers);
    Put("unit/cgroup.subtree_control", "");
    Put("unit/cgroup.procs", "");
    Put("unit/lane/cgroup.procs", "");
  }
  Accounting Enter(const char* text, int error = 0) {
    EXPECT_EQ(EnterGroupsOf(root_.c_str(), text, &groups_), error);
    return groups_.accounting;
  }

  fs::path root_;
  Groups groups_;
};

TEST_F(OwnGroupsTest, Version2IsEnteredBelowTheUnit) {
  PutUnit("cpuset cpu memory pids\n");
  EXPECT_EQ(Enter("0::/unit\n"), Accounting::kVersion2);
  EXPECT_EQ(Get("unit/lane/cgroup.procs"), "0");
  EXPECT_EQ(Get("unit/cgroup.subtree_control"), "+memory +pids");
  EXPECT_EQ(groups_.memory, groups_.pids);
  EXPECT_EQ(fs::read_symlink("/proc/self/fd/" + std::to_string(groups_.memory)),
            root_ / "unit/lane");
}

TEST_F(OwnGroupsTest, AVersion2GroupThatCannotBeUsedIsAnError) {
  Put("unit/cgroup.controllers", "memory pids\n");
  Put("unit/cgroup.procs", "");
  EXPECT_EQ(Enter("0::/unit\n", ENOENT), Accounting::kNone);  // no lane/cgroup.procs
}

TEST_F(OwnGroupsTest, Version1IsTheUnitsOwnTwo) {
  Put("memory/a/memory.limit_in_bytes", "");
  Put("pids/b/pids.max", "");
  EXPECT_EQ(Enter("9:pids:/b\n4:cpu,cpuacct:/\n3:memory:/a\n0::/unit\n"), Accounting::kVersion1);
  EXPECT_EQ(fs::read_symlink("/proc/self/fd/" + std::to_string(groups_.memory)),
            root_ / "memory/a");
  EXPECT_EQ(fs::read_symlink("/proc/self/fd/" + std::to_string(groups_.pids)), root_ / "pids/b");
}

TEST_F(OwnGroupsTest, NothingGivenIsNone) {
  PutUnit("hugetlb\n");
  Put("memory/memory.limit_in_bytes", "");
  Put("pids/pids.max", "");
  Put("memory/a/memory.limit_in_bytes", "");
  Put("pids/a/other", "");
  for (const char* text : {"", "0::/\n", "0::/unit\n", "0::/absent\n", "3:memory:/\n2:pids:/\n",
                           "3:memory:/a\n", "3:memory:/a\n2:pids:/a\n", "3:memory", ":::\n\n"}) {
    EXPECT_EQ(Enter(text), Accounting::kNone) << text;
  }
}

}  // namespace
}  // namespace pinhole::sandbox::launcher
