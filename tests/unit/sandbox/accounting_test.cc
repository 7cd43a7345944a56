// What the launcher writes to and reads from its cgroups, on folders of plain files. Version 2 is
// tested here alone on a machine whose version 1 holds the controllers; that version 1's limits
// hold is tested in boxes.
#include "sandbox/launcher/accounting.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace pinhole::sandbox::launcher {
namespace {

namespace fs = std::filesystem;
using protocol::Accounting;

class AccountingTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "pinhole-accounting-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    directory_ = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    run_.memory_bytes = 1000;
    run_.threads = 4;
  }
  void TearDown() override {
    close(directory_);
    fs::remove_all(folder_);
  }
  void Put(const char* file, const char* text) const { std::ofstream(folder_ / file) << text; }
  std::string Get(const char* file) const {
    std::ifstream stream(folder_ / file);
    std::string text;
    std::getline(stream, text, '\0');
    return text;
  }
  Groups Of(Accounting accounting) const { return {accounting, directory_, directory_}; }

  fs::path folder_;
  int directory_ = -1;
  protocol::Run run_;
};

TEST_F(AccountingTest, Version2) {
  for (const char* file : {"memory.max", "memory.swap.max", "pids.max"}) Put(file, "");
  Put("memory.events", "low 0\nhigh 0\nmax 3\noom 7\noom_kill 2\noom_group_kill 0\n");
  Put("memory.peak", "123456\n");
  const Groups groups = Of(Accounting::kVersion2);
  EXPECT_EQ(BeginRun(groups, run_), 0);
  EXPECT_EQ(Get("memory.max"), "1000");
  EXPECT_EQ(Get("memory.swap.max"), "0");
  EXPECT_EQ(Get("pids.max"), "5");  // the launcher is one
  EXPECT_EQ(MemoryKills(groups), 2);
  EXPECT_EQ(PeakMemory(groups), 123456);
}

// A lane's second run that needs less than its first is not reported with the first one's peak.
TEST_F(AccountingTest, Version2TellsThePeaksOfRunsApart) {
  const Groups groups = Of(Accounting::kVersion2);
  Put("memory.peak", "5000\n");
  EXPECT_EQ(PeakOfRun(groups, 4000, 100), 5000);  // it grew: it is this run's
  EXPECT_EQ(PeakOfRun(groups, 5000, 100), 100);
  EXPECT_EQ(PeakOfRun(groups, 5000, 6000), 5000);  // pages of a file that the group was not charged
  Put("memory.max_usage_in_bytes", "5000\n");
  EXPECT_EQ(PeakOfRun(Of(Accounting::kVersion1), 5000, 100), 5000);  // begins with each run
}

TEST_F(AccountingTest, Version2WithoutSwapAccountingOrPeak) {
  for (const char* file : {"memory.max", "pids.max"}) Put(file, "");
  const Groups groups = Of(Accounting::kVersion2);
  EXPECT_EQ(BeginRun(groups, run_), 0);
  EXPECT_EQ(PeakMemory(groups), 0);
  EXPECT_EQ(MemoryKills(groups), -1);
}

TEST_F(AccountingTest, Version1) {
  for (const char* file : {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "pids.max"}) {
    Put(file, "");
  }
  Put("memory.max_usage_in_bytes", "");
  Put("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 9\n");
  const Groups groups = Of(Accounting::kVersion1);
  EXPECT_EQ(BeginRun(groups, run_), 0);
  EXPECT_EQ(Get("memory.limit_in_bytes"), "1000");
  // The fake keeps what was there: first "-1" to make room, then the limit over it.
  EXPECT_EQ(Get("memory.memsw.limit_in_bytes"), "1000");
  EXPECT_EQ(Get("memory.max_usage_in_bytes"), "0");
  EXPECT_EQ(MemoryKills(groups), 9);
}

// No limit, no run.
TEST_F(AccountingTest, AMissingLimitIsAnError) {
  EXPECT_EQ(BeginRun(Of(Accounting::kVersion2), run_), ENOENT);
  EXPECT_EQ(BeginRun(Of(Accounting::kVersion1), run_), ENOENT);
  Put("memory.max", "");
  EXPECT_EQ(BeginRun(Of(Accounting::kVersion2), run_), ENOENT);  // pids.max
}

TEST_F(AccountingTest, NoneDoesNothing) {
  EXPECT_EQ(BeginRun({}, run_), 0);
  EXPECT_EQ(MemoryKills({}), -1);
  EXPECT_EQ(PeakMemory({}), 0);
}

}  // namespace
}  // namespace pinhole::sandbox::launcher
