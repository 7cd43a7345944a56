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
#include <string>
#include <thread>
#include <vector>

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

// What the host's kernel says of a running box, whole. Limits that the box does not set are the
// machine's.
TEST_F(LifetimeTest, TheKernelSeesABoxWithoutPrivileges) {
  Lane lane = StartLane(OwnConfig("status"));
  BoxSpec spec = LongBox();
  spec.threads = 3;
  std::thread runner([&] { (void)RunProgram(lane, HostileProgram("stay_with_threads"), spec); });
  const pid_t box = AwaitBox(lane.pid(), 3);
  EXPECT_GT(box, 0);
  const std::set<std::string> record = RecordOf(box);
  for (const char* line : {"Uid: 64101 64101 64101 64101",
                           "Gid: 64101 64101 64101 64101",
                           "Groups: 64100",
                           "uid_map: 1000 64101 1",
                           "gid_map: 1000 64101 1",
                           "setgroups: deny",
                           "CapInh: 0000000000000000",
                           "CapPrm: 0000000000000000",
                           "CapEff: 0000000000000000",
                           "CapBnd: 0000000000000000",
                           "CapAmb: 0000000000000000",
                           "SigIgn: 0000000000000000",
                           "Threads: 3",
                           "thread 0: NoNewPrivs 1, Seccomp 2, filters of its own 1",
                           "thread 1: NoNewPrivs 1, Seccomp 2, filters of its own 1",
                           "thread 2: NoNewPrivs 1, Seccomp 2, filters of its own 1",
                           "oom_score_adj: 1000",
                           "personality: 00000000",
                           "its files in /proc: not its user's",
                           "session: its own",
                           "limits: Max core file size 0 0 bytes",
                           "limits: Max cpu time 61 61 seconds",
                           "limits: Max stack size 8388608 8388608 bytes",
                           "limits: Max processes 3 3 processes",
                           "limits: Max open files 256 256 files",
                           "limits: Max locked memory 0 0 bytes",
                           "limits: Max pending signals 64 64 signals",
                           "limits: Max msgqueue size 0 0 bytes",
                           "limits: Max nice priority 0 0",
                           "limits: Max realtime priority 0 0"}) {
    EXPECT_EQ(record.count(line), 1u) << line;
  }
  const auto having = [&](const std::string& prefix) {
    std::vector<std::string> lines;
    for (const std::string& line : record) {
      if (line.rfind(prefix, 0) == 0) lines.push_back(line.substr(prefix.size()));
    }
    return lines;
  };
  EXPECT_THAT(
      having("mount: "),
      testing::ElementsAre(
          "/ ro,nosuid,nodev,noexec size=4k nr_inodes=3 mode=555", "/data ro,nosuid,nodev,noexec",
          absl::StrFormat("/tmp rw,nosuid,nodev,noexec size=%dk nr_inodes=%d mode=700",
                          spec.scratch_bytes >> 10, spec.scratch_inodes)));
  EXPECT_THAT(having("fd "),
              testing::ElementsAre("0: pipe, reads", "1: pipe, writes", "2: /dev/null, writes"));
  EXPECT_THAT(having("ns/"), testing::SizeIs(7));
  EXPECT_THAT(having("ns/"), testing::Each(testing::HasSubstr(": its own")));
  kill(box, SIGKILL);
  runner.join();
}

}  // namespace
}  // namespace pinhole::sandbox
