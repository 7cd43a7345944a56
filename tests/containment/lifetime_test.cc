// Nothing outlives what it belongs to: a box its launcher, a launcher its client, a cgroup its
// lane; and nothing piles up.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "tests/containment/lane_fixture.h"
#include "tests/containment/processes.h"

namespace pinhole::sandbox {
namespace {

BoxSpec LongBox() {
  BoxSpec spec;
  spec.wall = absl::Seconds(60);
  spec.cpu_seconds = 60;
  return spec;
}

class LifetimeTest : public LaneTest {
 protected:
  static LaneConfig OwnConfig(std::string_view suffix) {
    LaneConfig config = Config();
    config.cgroup_name += absl::StrFormat("-%s", suffix);
    return config;
  }
  static Lane StartLane(const LaneConfig& config) {
    absl::StatusOr<Lane> lane = Lane::Start(config);
    if (!lane.ok()) ADD_FAILURE() << lane.status();
    return *std::move(lane);
  }
  static std::string Group(const LaneConfig& config) {
    const std::string version1 = "/sys/fs/cgroup/memory/pinhole/" + config.cgroup_name;
    return std::filesystem::exists("/sys/fs/cgroup/memory")
               ? version1
               : "/sys/fs/cgroup/pinhole/" + config.cgroup_name;
  }
};

TEST_F(LifetimeTest, ABoxDiesWithItsLauncher) {
  Lane lane = StartLane(OwnConfig("killed"));
  const pid_t launcher = lane.pid();
  absl::Status status;
  std::thread runner(
      [&] { status = RunProgram(lane, HostileProgram("block_every_signal"), LongBox()).status(); });
  const pid_t box = AwaitBox(launcher);
  ASSERT_GT(box, 0);
  const UniqueFd handle = Handle(box);
  EXPECT_EQ(kill(launcher, SIGKILL), 0);
  EXPECT_TRUE(EndsSoon(handle));
  runner.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  // The lane says that it is broken, and does nothing.
  EXPECT_EQ(RunProgram(lane, HostileProgram("succeed"), LongBox()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

// The client is a process of its own here, killed in the middle of a run.
TEST_F(LifetimeTest, ABoxDiesWithItsClient) {
  const LaneConfig config = OwnConfig("orphan");
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t client = fork();
  if (client == 0) {
    absl::StatusOr<Lane> lane = Lane::Start(config);
    const pid_t launcher = lane.ok() ? lane->pid() : -1;
    if (write(ends[1], &launcher, sizeof launcher) < 0 || launcher < 0) _exit(1);
    (void)RunProgram(*lane, HostileProgram("sleep_forever"), LongBox());
    _exit(0);
  }
  pid_t launcher = -1;
  ASSERT_EQ(read(ends[0], &launcher, sizeof launcher), static_cast<ssize_t>(sizeof launcher));
  close(ends[0]);
  close(ends[1]);
  ASSERT_GT(launcher, 0);
  const pid_t box = AwaitBox(launcher);
  ASSERT_GT(box, 0);
  const UniqueFd box_handle = Handle(box);
  const UniqueFd launcher_handle = Handle(launcher);
  EXPECT_EQ(kill(client, SIGKILL), 0);
  EXPECT_TRUE(EndsSoon(box_handle));
  EXPECT_TRUE(EndsSoon(launcher_handle));
  waitpid(client, nullptr, 0);
  // Nobody was left to remove its cgroup; the next lane does, whatever its name.
  EXPECT_TRUE(std::filesystem::exists(Group(config)));
  const Lane next = StartLane(OwnConfig("next"));
  EXPECT_FALSE(std::filesystem::exists(Group(config)));
}

TEST_F(LifetimeTest, ALeftOverProcessInTheCgroupIsEnded) {
  const LaneConfig config = OwnConfig("leftover");
  std::filesystem::create_directories(Group(config));
  const pid_t left = fork();
  if (left == 0) {
    for (;;) pause();
  }
  std::ofstream(Group(config) + "/cgroup.procs") << left;
  const UniqueFd handle = Handle(left);
  std::thread reaper([left] { waitpid(left, nullptr, 0); });
  Lane lane = StartLane(config);
  EXPECT_TRUE(EndsSoon(handle));
  reaper.join();
}

TEST_F(LifetimeTest, TwoLanesCannotHoldOneCgroup) {
  const LaneConfig config = OwnConfig("twice");
  Lane lane = StartLane(config);
  EXPECT_EQ(Lane::Start(config).status().code(), absl::StatusCode::kFailedPrecondition);
  // The refused one left the holder's alone.
  absl::StatusOr<Seen> seen = RunProgram(lane, HostileProgram("succeed"), BoxSpec{});
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->report.outcome, Outcome::kExited);
}

TEST_F(LifetimeTest, TheLaneEndsWithEverythingOfIt) {
  const LaneConfig config = OwnConfig("ends");
  UniqueFd launcher;
  {
    Lane lane = StartLane(config);
    launcher = Handle(lane.pid());
    EXPECT_TRUE(std::filesystem::exists(Group(config)));
  }
  EXPECT_TRUE(EndsSoon(launcher));
  EXPECT_FALSE(std::filesystem::exists(Group(config)));
}

TEST_F(LifetimeTest, TwoHundredRunsLeaveNothingBehind) {
  Lane lane = StartLane(OwnConfig("many"));
  const char* const kAttacks[] = {"succeed",      "segfault",    "open_network",
                                  "fill_scratch", "thread_bomb", "exit:7",
                                  "stdout_fill",  "abort",       "say_error"};
  BoxSpec spec;
  spec.threads = 4;
  spec.scratch_bytes = 1 << 20;
  const auto run = [&](int number) {
    spec.diagnostics = number % 2 == 0 ? Diagnostics::kSealed : Diagnostics::kRehearsal;
    const char* attack = kAttacks[static_cast<size_t>(number) % std::size(kAttacks)];
    absl::StatusOr<Seen> seen = RunProgram(lane, HostileProgram(attack), spec);
    ASSERT_TRUE(seen.ok()) << seen.status();
    ASSERT_NE(seen->report.outcome, Outcome::kSetupFailed) << seen->report.setup;
  };
  for (int number = 0; number < 4; ++number) run(number);
  const size_t ours = OpenDescriptors(getpid());
  const size_t theirs = OpenDescriptors(lane.pid());
  for (int number = 0; number < 200; ++number) run(number);
  EXPECT_EQ(OpenDescriptors(getpid()), ours);
  EXPECT_EQ(OpenDescriptors(lane.pid()), theirs);
  EXPECT_TRUE(Children(lane.pid()).empty());
}

// What the host's kernel says of a running box.
TEST_F(LifetimeTest, TheKernelSeesABoxWithoutPrivileges) {
  Lane lane = StartLane(OwnConfig("status"));
  BoxSpec spec = LongBox();
  spec.wall = absl::Seconds(3);
  std::thread runner([&] { (void)RunProgram(lane, HostileProgram("sleep_forever"), spec); });
  const pid_t box = AwaitBox(lane.pid());
  EXPECT_GT(box, 0);
  const std::string status = ReadFile(absl::StrFormat("/proc/%d/status", box));
  for (const char* line :
       {"Uid:\t64101\t64101\t64101\t64101\n", "Gid:\t64101\t64101\t64101\t64101\n",
        "Groups:\t64100 \n", "CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n",
        "CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n", "CapAmb:\t0000000000000000\n",
        "NoNewPrivs:\t1\n", "Seccomp:\t2\n", "Threads:\t1\n", "SigIgn:\t0000000000000000\n",
        "SigBlk:\t0000000000000000\n"}) {
    EXPECT_THAT(status, testing::HasSubstr(line));
  }
  EXPECT_EQ(ReadFile(absl::StrFormat("/proc/%d/oom_score_adj", box)), "1000\n");
  std::istringstream mounts(ReadFile(absl::StrFormat("/proc/%d/mountinfo", box)));
  std::set<std::string> seen;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point, options;
    fields >> id >> parent >> device >> root >> point >> options;
    seen.insert(point + " " + options.substr(0, options.find(",relatime")));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"/ ro,nosuid,nodev,noexec", "/data ro,nosuid,nodev,noexec",
                                         "/tmp rw,nosuid,nodev,noexec"}));
  for (const char* space : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    EXPECT_NE(std::filesystem::read_symlink(absl::StrFormat("/proc/%d/ns/%s", box, space)),
              std::filesystem::read_symlink(absl::StrFormat("/proc/self/ns/%s", space)))
        << space;
  }
  runner.join();
}

}  // namespace
}  // namespace pinhole::sandbox
