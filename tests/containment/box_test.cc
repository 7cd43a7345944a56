// What a box is like from inside, what its limits cost, and what its report says.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "sandbox/explain.h"
#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

constexpr int64_t kMebibyte = int64_t{1} << 20;

BoxSpec SmallBox() {
  BoxSpec spec;
  spec.memory_bytes = 64 * kMebibyte;
  spec.threads = 4;
  return spec;
}

BoxSpec Rehearsal() {
  BoxSpec spec = SmallBox();
  spec.diagnostics = Diagnostics::kRehearsal;
  return spec;
}

class BoxTest : public LaneTest {
 protected:
  static Seen Run(std::string_view attack, const BoxSpec& spec) {
    return RunBytes(HostileProgram(attack), spec);
  }
  static Seen RunBytes(std::string_view program, const BoxSpec& spec, BoxFds fds = {}) {
    absl::StatusOr<Seen> seen = RunProgram(SharedLane(), program, spec, std::move(fds));
    EXPECT_TRUE(seen.ok()) << seen.status();
    return seen.ok() ? *seen : Seen{};
  }
};

TEST_F(BoxTest, EnvironmentIsFixed) {
  EXPECT_EQ(Run("environment", SmallBox()).output,
            "HOME=/tmp\nTMPDIR=/tmp\nLANG=C.UTF-8\nTZ=UTC0\n");
}

TEST_F(BoxTest, ADescriptorThatTheClientLeaksIsNotInherited) {
  // Without close-on-exec, as by mistake; a lane started now inherits it at first.
  const int leaked = open("/dev/null", O_RDONLY);
  const int high = dup2(leaked, 700);
  LaneConfig config = Config();
  config.cgroup_name += "-leak";
  absl::StatusOr<Lane> lane = Lane::Start(config);
  ASSERT_TRUE(lane.ok()) << lane.status();
  for (const BoxSpec& spec : {SmallBox(), Rehearsal()}) {
    absl::StatusOr<Seen> seen = RunProgram(*lane, HostileProgram("descriptors"), spec);
    ASSERT_TRUE(seen.ok()) << seen.status();
    EXPECT_EQ(seen->output, "0 1 2 ");
  }
  close(leaked);
  close(high);
}

TEST_F(BoxTest, IdentityIsConstant) {
  EXPECT_EQ(Run("identity", SmallBox()).output,
            "uid 1000 1000 gid 1000 1000 pid 1 parent 0 host box\n");
}

TEST_F(BoxTest, RootHoldsDataAndScratchAlone) {
  std::istringstream listing(Run("list_root", SmallBox()).output);
  std::vector<std::string> names;
  for (std::string name; std::getline(listing, name);) names.push_back(name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"data", "tmp"}));
}

TEST_F(BoxTest, ViewIsReadable) {
  EXPECT_EQ(Run("read_view", SmallBox()).output, "rows of the view");
}

TEST_F(BoxTest, LocksOfTheViewNeitherWaitNorAreSeen) {
  const std::string path = view_path() + "/contest.db";
  const UniqueFd file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(fcntl(file.get(), F_OFD_SETLK, &lock), 0);
  ASSERT_EQ(flock(file.get(), LOCK_EX), 0);
  for (const char* attack : {"lock_view", "lock_view_wait", "lock_view_ofd", "flock_view"}) {
    const BoxReport report = Run(attack, SmallBox()).report;
    EXPECT_EQ(report.outcome, Outcome::kExited) << attack;
    EXPECT_EQ(report.exit_code, 0) << attack;
  }
}

TEST_F(BoxTest, ScratchIsNewEachTime) {
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(Run("fill_inodes", SmallBox()).report.exit_code, ENOSPC);
  }
  EXPECT_EQ(Run("write_scratch", SmallBox()).report.exit_code, 0);
}

struct TimeCase {
  const char* attack;
  Outcome outcome;
  absl::Duration wall;
  int64_t cpu_seconds;
};

TEST_F(BoxTest, TimeLimitsEndWhateverTheProgramDoes) {
  const TimeCase cases[] = {
      {"sleep_forever", Outcome::kWallLimit, absl::Milliseconds(300), 10},
      {"block_every_signal", Outcome::kWallLimit, absl::Milliseconds(300), 10},
      {"leader_leaves", Outcome::kWallLimit, absl::Milliseconds(300), 10},
      {"slow_drip", Outcome::kWallLimit, absl::Milliseconds(300), 10},
      {"wait_for_nobody", Outcome::kWallLimit, absl::Milliseconds(300), 10},
      {"ignore_time_limit", Outcome::kCpuLimit, absl::Seconds(20), 1},
      {"cpu_spin", Outcome::kWallLimit, absl::Milliseconds(300), 10},
      {"cpu_spin", Outcome::kCpuLimit, absl::Seconds(20), 1},
      {"cpu_spin_two_threads", Outcome::kCpuLimit, absl::Seconds(20), 1},
  };
  for (const TimeCase& expected : cases) {
    BoxSpec spec = SmallBox();
    spec.wall = expected.wall;
    spec.cpu_seconds = expected.cpu_seconds;
    const absl::Time begin = absl::Now();
    const BoxReport report = Run(expected.attack, spec).report;
    EXPECT_EQ(OutcomeName(report.outcome), OutcomeName(expected.outcome)) << expected.attack;
    if (expected.outcome == Outcome::kWallLimit) {
      EXPECT_GE(absl::Now() - begin, spec.wall) << expected.attack;
    } else {
      EXPECT_GE(report.cpu_micros, 990'000) << expected.attack;
      EXPECT_LT(report.wall_micros, absl::ToInt64Microseconds(spec.wall)) << expected.attack;
    }
  }
}

TEST_F(BoxTest, ADeadlineInThePastEndsTheRun) {
  BoxSpec spec = SmallBox();
  spec.deadline_monotonic_nanos = 1;
  EXPECT_EQ(Run("sleep_forever", spec).report.outcome, Outcome::kWallLimit);
}

TEST_F(BoxTest, MemoryLimitIsCountedAndReported) {
  BoxSpec spec = SmallBox();
  spec.memory_bytes = 32 * kMebibyte;
  const BoxReport report = Run("memory_bomb", spec).report;
  EXPECT_EQ(report.outcome, Outcome::kMemoryLimit);
  EXPECT_GT(report.peak_memory_bytes, 31 * kMebibyte);
  EXPECT_LE(report.peak_memory_bytes, 32 * kMebibyte);
  // The count begins anew.
  EXPECT_LT(Run("succeed", spec).report.peak_memory_bytes, 16 * kMebibyte);
}

TEST_F(BoxTest, ScratchCountsAsMemory) {
  BoxSpec spec = SmallBox();
  spec.memory_bytes = 16 * kMebibyte;
  spec.scratch_bytes = 64 * kMebibyte;
  EXPECT_EQ(Run("fill_scratch", spec).report.outcome, Outcome::kMemoryLimit);
}

TEST_F(BoxTest, ThreadsUpToTheLimit) {
  for (const int threads : {1, 2, 7}) {
    BoxSpec spec = SmallBox();
    spec.threads = threads;
    EXPECT_EQ(Run("thread_bomb", spec).output, std::to_string(threads));
  }
}

TEST_F(BoxTest, OutputUpToTheLimit) {
  BoxSpec spec = SmallBox();
  spec.output_bytes = kMebibyte;
  const Seen whole = Run("stdout_fill", spec);
  EXPECT_EQ(whole.report.outcome, Outcome::kExited);
  EXPECT_EQ(whole.report.output_bytes, kMebibyte);
  EXPECT_EQ(whole.output, std::string(kMebibyte, 'x'));

  spec.output_bytes = kMebibyte - 1;
  const Seen one_too_many = Run("stdout_fill", spec);
  EXPECT_EQ(one_too_many.report.outcome, Outcome::kOutputLimit);
  EXPECT_EQ(one_too_many.report.output_bytes, kMebibyte - 1);
  EXPECT_EQ(one_too_many.output.size(), static_cast<size_t>(kMebibyte - 1));

  const Seen flood = Run("stdout_flood", spec);
  EXPECT_EQ(flood.report.outcome, Outcome::kOutputLimit);
  EXPECT_EQ(flood.report.output_bytes, kMebibyte - 1);
}

TEST_F(BoxTest, OutputByBytesArrivesWhole) {
  EXPECT_EQ(Run("stdout_by_bytes", SmallBox()).output, std::string(5000, 'x'));
}

TEST_F(BoxTest, OutputOfACrashIsKept) {
  EXPECT_EQ(Run("say_and_crash", SmallBox()).output, "12345678");
}

TEST_F(BoxTest, StandardErrorIsKeptInARehearsalAlone) {
  EXPECT_EQ(Run("say_error", Rehearsal()).diagnostics, "something about row 17\n");
  EXPECT_EQ(Run("say_error", SmallBox()).diagnostics, "");
  BoxSpec spec = Rehearsal();
  spec.diagnostics_bytes = 1000;
  const Seen flood = Run("stderr_flood", spec);
  EXPECT_EQ(flood.report.outcome, Outcome::kExited);
  EXPECT_EQ(flood.diagnostics.size(), 1000u);
}

TEST_F(BoxTest, ARefusedCallIsNamedInARehearsal) {
  const BoxReport report = Run("open_network", Rehearsal()).report;
  EXPECT_EQ(SyscallName(report.syscall), "socket");
  EXPECT_THAT(Explain(report, Rehearsal()), testing::HasSubstr("system call socket"));
}

TEST_F(BoxTest, AbortEndsLikeACrash) {
  const BoxReport report = Run("abort", SmallBox()).report;
  EXPECT_EQ(report.outcome, Outcome::kSignaled);
  EXPECT_EQ(report.signal, SIGSEGV);
}

struct FileCase {
  const char* name;
  std::string bytes;
};

TEST_F(BoxTest, WhatIsNoStaticProgramIsRefused) {
  const std::string good = HostileProgram("succeed");
  std::string other_machine = good;
  other_machine[18] = 0x28;  // e_machine: ARM
  std::string other_class = good;
  other_class[4] = 1;  // EI_CLASS: 32 bits
  const FileCase cases[] = {
      {"empty", ""},
      {"text", "hello\n"},
      {"script", "#!/bin/sh\nexit 0\n"},
      {"script of a program in the view", "#!/data/program\n"},
      {"windows", std::string("MZ\x90\0", 4) + std::string(1000, '\0')},
      {"dynamic", ReadFile("/proc/self/exe")},
      {"header alone", good.substr(0, 64)},
      {"another machine", other_machine},
  };
  for (const FileCase& file : cases) {
    for (const BoxSpec& spec : {SmallBox(), Rehearsal()}) {
      const BoxReport report = RunBytes(file.bytes, spec).report;
      EXPECT_EQ(OutcomeName(report.outcome), OutcomeName(Outcome::kNotExecutable))
          << file.name << ": " << report.setup << " signal " << report.signal;
    }
  }
}

TEST_F(BoxTest, ATruncatedProgramNeitherHangsNorHarmsTheLane) {
  const std::string good = HostileProgram("succeed");
  for (const size_t kept : {size_t{65}, size_t{200}, size_t{4096}, good.size() / 2}) {
    const BoxReport report = RunBytes(good.substr(0, kept), SmallBox()).report;
    EXPECT_NE(report.outcome, Outcome::kSetupFailed) << kept << ": " << report.setup;
  }
  EXPECT_EQ(Run("succeed", SmallBox()).report.outcome, Outcome::kExited);
}

BoxSpec ScorerBox() {
  BoxSpec spec = SmallBox();
  spec.profile = Profile::kScorer;
  spec.threads = 1;
  spec.output_bytes = 8;
  return spec;
}

BoxFds ScorerFds() {
  BoxFds fds;
  fds.input = FileOf("pred");
  fds.labels = FileOf("true");
  return fds;
}

TEST_F(BoxTest, ScorerReadsTwoFilesAndAnswersEightBytes) {
  const Seen seen = RunBytes(HostileProgram("score"), ScorerBox(), ScorerFds());
  EXPECT_EQ(OutcomeName(seen.report.outcome), "exited");
  EXPECT_EQ(seen.report.exit_code, 0);
  EXPECT_EQ(seen.output, "predtrue");
}

TEST_F(BoxTest, ScorerHasFewerCallsAndNoFiles) {
  const struct {
    const char* attack;
    int call;
  } cases[] = {
      {"read_view", SYS_openat},   {"list_root", SYS_openat},     {"environment", -2},
      {"thread_bomb", SYS_clone3}, {"write_scratch", SYS_openat}, {"kill_parent", SYS_getppid},
      {"raise_limit", -3},         {"clone3", SYS_clone3},        {"fcntl:F_SETPIPE_SZ", SYS_pipe2},
      {"identity", SYS_uname}};
  for (const auto& expected : cases) {
    BoxSpec spec = ScorerBox();
    spec.diagnostics = Diagnostics::kRehearsal;
    spec.output_bytes = 4096;
    const BoxReport report = RunBytes(HostileProgram(expected.attack), spec, ScorerFds()).report;
    if (expected.call == -2) {
      EXPECT_EQ(report.outcome, Outcome::kExited) << expected.attack;
    } else if (expected.call == -3) {
      EXPECT_EQ(report.exit_code, EPERM) << expected.attack;
    } else {
      EXPECT_EQ(OutcomeName(report.outcome), "forbidden call") << expected.attack;
      EXPECT_EQ(report.syscall, expected.call) << expected.attack;
    }
  }
}

TEST_F(BoxTest, ContradictionsAreRefused) {
  const UniqueFd output = FileOf("");
  const auto run = [&](const BoxSpec& spec, auto change) {
    BoxFds fds;
    fds.program = FileOf(HostileProgram("succeed"));
    fds.output_fd = output.get();
    change(fds);
    return SharedLane().Run(spec, std::move(fds)).status().code();
  };
  const auto nothing = [](BoxFds&) {};
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(run(SmallBox(), nothing), absl::StatusCode::kOk);
  EXPECT_EQ(run(SmallBox(), [](BoxFds& fds) { fds.program.Reset(); }), kInvalid);
  EXPECT_EQ(run(SmallBox(), [](BoxFds& fds) { fds.output_fd = -1; }), kInvalid);
  EXPECT_EQ(run(SmallBox(), [](BoxFds& fds) { fds.labels = FileOf("x"); }), kInvalid);
  EXPECT_EQ(run(SmallBox(), [](BoxFds& fds) { fds.diagnostics_fd = 1; }), kInvalid);
  EXPECT_EQ(run(ScorerBox(), nothing), kInvalid);
  for (const auto change :
       {+[](BoxSpec& spec) { spec.wall = absl::ZeroDuration(); },
        +[](BoxSpec& spec) { spec.wall = absl::InfiniteDuration(); },
        +[](BoxSpec& spec) { spec.threads = 0; }, +[](BoxSpec& spec) { spec.memory_bytes = 0; },
        +[](BoxSpec& spec) { spec.cpu_seconds = 0; },
        +[](BoxSpec& spec) { spec.scratch_bytes = 0; },
        +[](BoxSpec& spec) { spec.output_bytes = -1; }}) {
    BoxSpec spec = SmallBox();
    change(spec);
    EXPECT_EQ(run(spec, nothing), kInvalid);
  }
}

TEST_F(BoxTest, ASinkThatFailsIsAnErrorAndTheLaneGoesOn) {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  BoxFds fds;
  fds.program = FileOf(HostileProgram("stdout_flood"));
  fds.output_fd = full.get();
  EXPECT_EQ(SharedLane().Run(SmallBox(), std::move(fds)).status().code(),
            absl::ErrnoToStatus(ENOSPC, "").code());
  EXPECT_EQ(Run("succeed", SmallBox()).report.outcome, Outcome::kExited);
}

}  // namespace
}  // namespace pinhole::sandbox
