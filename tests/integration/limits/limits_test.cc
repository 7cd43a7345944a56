// Every limit of a box is reached, on this machine's groups and on a version 2 tree: the outcome
// says which, the tree of the box alone ends, and the lane and its neighbour go on.
//
// Where version 1 holds the controllers, version 2 is a tree of files in which the test plays the
// kernel's part for memory; the limits that no group counts are real there too.
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_format.h"
#include "sandbox/control_groups.h"
#include "sandbox/unchecked.h"
#include "tests/containment/lane_fixture.h"
#include "tests/containment/processes.h"

namespace pinhole::sandbox {
namespace {

constexpr uid_t kFirstUser = 64331;
constexpr int64_t kMebibyte = int64_t{1} << 20;

using protocol::Accounting;

BoxSpec Small() {
  BoxSpec spec;
  spec.wall = absl::Seconds(20);
  spec.memory_bytes = 48 * kMebibyte;
  spec.threads = 3;
  spec.output_bytes = kMebibyte;
  spec.scratch_bytes = 4 * kMebibyte;
  spec.scratch_inodes = 50;
  return spec;
}

struct LimitCase {
  const char* name;
  const char* attack;
  Outcome outcome;
  int exit_code;  // of kExited: what the kernel told the program
  void (*tighten)(BoxSpec&);
};

void Nothing(BoxSpec&) {}

const LimitCase kCases[] = {
    {"wall", "sleep_forever", Outcome::kWallLimit, 0,
     [](BoxSpec& spec) { spec.wall = absl::Milliseconds(200); }},
    {"processor", "cpu_spin_two_threads", Outcome::kCpuLimit, 0,
     [](BoxSpec& spec) { spec.cpu_seconds = 1; }},
    {"threads", "thread_bomb", Outcome::kExited, EAGAIN, Nothing},
    {"output", "stdout_flood", Outcome::kOutputLimit, 0, Nothing},
    {"scratch bytes", "fill_scratch", Outcome::kExited, ENOSPC, Nothing},
    {"scratch inodes", "fill_inodes", Outcome::kExited, ENOSPC, Nothing},
};
// What a group's memory limit ends: memory, memory of files, of page tables, of pipes.
const LimitCase kMemoryCases[] = {
    {"memory", "memory_bomb", Outcome::kMemoryLimit, 0, Nothing},
    {"shared memory", "shared_memory_bomb", Outcome::kMemoryLimit, 0, Nothing},
    {"page tables", "page_table_bomb", Outcome::kMemoryLimit, 0, Nothing},
    {"scratch as memory", "fill_scratch", Outcome::kMemoryLimit, 0,
     [](BoxSpec& spec) { spec.scratch_bytes = 200 * kMebibyte; }},
};

class LimitsTest : public LaneTest {
 protected:
  static LaneConfig OwnConfig(int number) {
    LaneConfig config = Config();
    config.uid = kFirstUser + static_cast<uid_t>(number);
    config.gid = *config.uid;
    config.cgroup_name = absl::StrFormat("limits-%d-%d", getpid(), number);
    return config;
  }
  static Lane Start(const LaneConfig& config) {
    absl::StatusOr<Lane> lane = Lane::Start(config);
    if (!lane.ok()) ADD_FAILURE() << lane.status();
    return *std::move(lane);
  }
  static BoxReport Run(Lane& lane, const char* attack, const BoxSpec& spec) {
    absl::StatusOr<Seen> seen = RunProgram(lane, HostileProgram(attack), spec);
    EXPECT_TRUE(seen.ok()) << seen.status();
    return seen.ok() ? seen->report : BoxReport{};
  }
  // Reaches the limit; then the same launcher runs a program that keeps to its limits.
  static void Reach(Lane& lane, const LimitCase& limit) {
    SCOPED_TRACE(limit.name);
    BoxSpec spec = Small();
    limit.tighten(spec);
    const pid_t launcher = lane.pid();
    const BoxReport report = Run(lane, limit.attack, spec);
    EXPECT_EQ(OutcomeName(report.outcome), OutcomeName(limit.outcome)) << report.setup;
    EXPECT_EQ(report.exit_code, limit.exit_code);
    EXPECT_TRUE(Children(launcher).empty()) << "something of the box is left";
    const BoxReport next = Run(lane, "succeed", Small());
    EXPECT_EQ(OutcomeName(next.outcome), "exited") << next.setup;
    EXPECT_EQ(next.exit_code, 0);
    EXPECT_EQ(lane.pid(), launcher);
    EXPECT_EQ(kill(launcher, 0), 0);
  }
};

TEST_F(LimitsTest, EachIsReachedOnTheMachinesGroups) {
  const Accounting accounting = DetectAccounting("/sys/fs/cgroup");
  if (accounting == Accounting::kNone) SKIP_OR_FAIL("no memory and pids controllers here");
  std::fprintf(stderr, "REAL: the machine's groups are version %d\n",
               accounting == Accounting::kVersion1 ? 1 : 2);
  Lane lane = Start(OwnConfig(0));
  ASSERT_TRUE(lane.facts().memory_limited);
  for (const LimitCase& limit : kCases) Reach(lane, limit);
  for (const LimitCase& limit : kMemoryCases) Reach(lane, limit);
}

// Want of memory in one box ends nothing of another that runs at the same time.
TEST_F(LimitsTest, WantOfMemoryEndsItsOwnTreeAlone) {
  Lane neighbour = Start(OwnConfig(1));
  Lane lane = Start(OwnConfig(2));
  BoxReport beside;
  BoxSpec spec = Small();
  std::thread runner([&] { beside = Run(neighbour, "sleep_forever", spec); });
  const pid_t box = AwaitBox(neighbour.pid());
  ASSERT_GT(box, 0);
  for (int time = 0; time < 3; ++time) Reach(lane, kMemoryCases[0]);
  EXPECT_EQ(kill(box, 0), 0) << "the neighbour ended too";
  EXPECT_EQ(kill(box, SIGKILL), 0);
  runner.join();
  EXPECT_EQ(OutcomeName(beside.outcome), "signaled");
}

// A version 2 tree of files, as the kernel would fill it for one lane.
class FileTree {
 public:
  FileTree(std::string root, std::string lane) : root_(std::move(root)), lane_(std::move(lane)) {
    std::filesystem::create_directories(root_ + "/pinhole/" + lane_);
    Put("/cgroup.controllers", "cpu memory pids\n");
    Put("/cgroup.subtree_control", "");
    Put("/pinhole/cgroup.subtree_control", "");
    for (const char* file : {"memory.max", "memory.swap.max", "pids.max"}) PutLane(file, "max\n");
    PutLane("cgroup.procs", "");
    PutLane("memory.events", "oom 0\noom_kill 0\n");
    PutLane("memory.peak", "4096\n");
  }
  void PutLane(const std::string& file, const std::string& text) const {
    Put("/pinhole/" + lane_ + "/" + file, text);
  }
  std::string Lane(const std::string& file) const {
    std::ifstream stream(root_ + "/pinhole/" + lane_ + "/" + file);
    std::string text;
    std::getline(stream, text);
    return text;
  }

 private:
  void Put(const std::string& file, const std::string& text) const {
    std::ofstream(root_ + file) << text;
  }
  std::string root_;
  std::string lane_;
};

TEST_F(LimitsTest, EachIsReachedOnAVersion2Tree) {
  if (DetectAccounting("/sys/fs/cgroup") == Accounting::kVersion2) {
    GTEST_SKIP() << "the machine has a real version 2 tree, which the test above uses";
  }
  std::fprintf(stderr,
               "FAKE: version 1 holds this machine's controllers, so version 2 is a tree of files; "
               "that its kernel ends a box for want of memory is played, not seen\n");
  LaneConfig config = OwnConfig(3);
  config.cgroup_root = folder() + "/groups";
  const FileTree tree(config.cgroup_root, config.cgroup_name);
  // A tree of files holds nobody, which a lane's start would not let pass.
  absl::StatusOr<Lane> started = StartUnchecked(config);
  ASSERT_TRUE(started.ok()) << started.status();
  Lane lane = *std::move(started);
  EXPECT_EQ(tree.Lane("cgroup.procs"), absl::StrFormat("%d", lane.pid()));
  for (const LimitCase& limit : kCases) Reach(lane, limit);
  EXPECT_EQ(tree.Lane("memory.max"), absl::StrFormat("%d", Small().memory_bytes));
  EXPECT_EQ(tree.Lane("memory.swap.max").substr(0, 1), "0");
  EXPECT_EQ(tree.Lane("pids.max").substr(0, 1), absl::StrFormat("%d", Small().threads + 1));

  // The kernel's part: it counts a kill for want of memory, and kills.
  BoxReport report;
  std::thread runner([&] { report = Run(lane, "sleep_forever", Small()); });
  const pid_t box = AwaitBox(lane.pid());
  ASSERT_GT(box, 0);
  tree.PutLane("memory.events", "oom 1\noom_kill 1\n");
  tree.PutLane("memory.peak", absl::StrFormat("%d\n", Small().memory_bytes));
  EXPECT_EQ(kill(box, SIGKILL), 0);
  runner.join();
  EXPECT_EQ(OutcomeName(report.outcome), "memory limit");
  EXPECT_EQ(report.peak_memory_bytes, Small().memory_bytes);
  // The same kill without the count is not want of memory.
  std::thread again([&] { report = Run(lane, "sleep_forever", Small()); });
  const pid_t next = AwaitBox(lane.pid());
  ASSERT_GT(next, 0);
  EXPECT_EQ(kill(next, SIGKILL), 0);
  again.join();
  EXPECT_EQ(OutcomeName(report.outcome), "signaled");
  tree.PutLane("cgroup.procs", "");  // files do not empty themselves
}

}  // namespace
}  // namespace pinhole::sandbox
