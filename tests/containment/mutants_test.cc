// Each step of the box's confinement is switched off in turn: a row of the table, or the record of
// the box that the host's kernel keeps, must show it. A step that nothing shows alone has a second
// layer behind it, which is named and switched off too.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "sandbox/launcher/syscalls.h"
#include "sandbox/unchecked.h"
#include "tests/containment/cases.h"
#include "tests/containment/lane_fixture.h"
#include "tests/containment/processes.h"

namespace pinhole::sandbox {
namespace {

enum class Caught {
  kByCase,    // `by` names an attack of the table, whose row no longer holds
  kByRecord,  // `by` begins the line of the record that has changed
  kByGate,    // as kByCase, where the kernel has the gate; filter_test shows it everywhere
  kClosed,    // the box is not made at all: a later step refuses, and `by` stands in its reason
  kNot,       // `by` is the attack that a second layer still stops; a pair in this table shows it
};

struct Mutant {
  const char* off;  // names of mutant.cc, joined by "+"
  Caught caught;
  const char* by;
  // What the refusal of the lane's start names, of one whose record shows it. Null: `by`, where a
  // box is not made or its record tells; else the lane starts.
  const char* refused = nullptr;
};

constexpr const char* kEither = "";  // whether the lane starts is this machine's and its parent's

constexpr Caught kByCase = Caught::kByCase;
constexpr Caught kByRecord = Caught::kByRecord;
constexpr Caught kByGate = Caught::kByGate;
constexpr Caught kClosed = Caught::kClosed;
constexpr Caught kNot = Caught::kNot;

constexpr Mutant kMutants[] = {
    {"no_filter", kByCase, "open_network", "Seccomp 0"},
    {"default_allows", kByCase, "open_network"},
    {"other_architectures", kByGate, "int80"},
    {"thread_alone_is_killed", kByGate, "int80_from_thread"},
    {"no_nnp_in_box", kNot, "open_network"},  // the launcher has set it for all its children
    {"no_nnp_in_launcher", kNot, "open_network"},
    // The kernel takes neither rules nor filter from one that could gain privileges by exec.
    {"no_nnp_in_box+no_nnp_in_launcher", kClosed, "Landlock"},

    {"no_pivot", kClosed, "read-only"},
    {"no_pivot+writable_root", kByCase, "open:/etc/passwd",
     "mount: / rw"},  // Landlock alone refuses then
    {"no_pivot+writable_root+no_landlock", kByCase, "open:/etc/passwd", "mount: / rw"},
    {"old_root_kept", kByCase, "climb", "mount: / rw"},
    {"old_root_kept", kByRecord, "mount: "},
    {"writable_root", kByCase, "create_in_root", "mount: / rw"},
    {"writable_view", kByCase, "write_view", "mount: /data rw"},  // Landlock alone refuses then
    {"writable_view+no_landlock", kByCase, "write_view", "mount: /data rw"},
    {"no_landlock", kNot, "write_view"},  // the mounts refuse
    {"mounts_with_devices", kByRecord, "mount: /tmp"},
    {"mounts_shared", kNot, "open:/etc/passwd",
     kEither},  // a user namespace's mounts are slaves already
    {"no_scratch_size", kByCase, "fill_scratch", "noexec nr_inodes"},
    {"no_scratch_inodes", kByCase, "fill_inodes", "size=4k mode"},

    {"no_user_namespace", kClosed,
     "namespaces"},  // nobody without privileges makes the others without it
    {"no_mount_namespace", kClosed, "mounts private"},
    {"no_uts_namespace", kClosed, "host name"},
    {"no_pid_namespace", kByRecord, "ns/pid"},
    {"no_net_namespace", kByRecord, "ns/net"},
    {"no_ipc_namespace", kByRecord, "ns/ipc"},
    {"no_cgroup_namespace", kByRecord, "ns/cgroup"},
    {"groups_may_change", kClosed, "uid and gid"},
    {"host_name_kept", kByCase, "identity"},
    {"session_kept", kByRecord, "session"},
    {"not_first_to_be_killed", kByRecord, "oom_score_adj"},
    {"wrong_user", kByRecord, "Uid"},
    {"wrong_group", kByRecord, "Gid"},
    {"more_groups", kByRecord, "Groups"},

    {"no_core_limit", kByRecord, "limits: Max core"},
    {"no_cpu_rlimit", kByRecord, "limits: Max cpu"},
    {"no_descriptor_limit", kByCase, "remake_launchers_descriptor", "limits: Max open files"},
    {"no_stack_limit", kByRecord, "limits: Max stack"},
    {"no_task_rlimit", kByRecord, "limits: Max processes"},
    {"no_lock_limit", kByRecord, "limits: Max locked"},
    {"no_queue_limit", kByRecord, "limits: Max msgqueue"},
    {"no_signal_limit", kByRecord, "limits: Max pending"},
    {"no_task_limit", kNot, "threads:40", "task group"},
    {"no_task_rlimit", kNot, "threads:40", "limits: Max processes"},
    {"no_task_limit+no_task_rlimit", kByCase, "threads:40", "limits: Max processes"},
    {"no_memory_limit", kByCase, "touch:80", "memory group"},
    {"no_cpu_limit", kByCase, "cpu_spin"},  // the kernel's own limit ends it a second later
    {"bounding_set_kept", kByRecord, "CapBnd"},
    {"no_capset", kNot, "call:capget",
     "its files in /proc"},  // exec leaves nothing to a user who is not root
    {"no_securebits", kNot, "call:capget"},
    {"descriptors_kept", kByCase, "descriptors", "fd 3"},
    // The client starts the launcher with fresh signals, and nobody gave it a personality.
    {"signals_kept", kNot, "signal_itself:15", kEither},
    {"personality_kept", kNot, "identity"},
    // What a machine gives by default is 0 as well.
    {"no_nice_limit", kNot, "call:setpriority"},
    {"no_realtime_limit", kNot, "call:sched_setscheduler"},

    // The conditions of one call's rows.
    {"any_56", kByCase, "clone_child:none"},
    {"any_202", kByCase, "futex:FUTEX_LOCK_PI"},
    {"any_72", kByCase, "fcntl:F_SETPIPE_SZ"},
    {"any_16", kByCase, "ioctl:FIONREAD"},
    {"any_9", kByCase, "writable_code"},
    {"any_10", kByCase, "make_code_writable"},
    {"any_28", kByCase, "madvise:MADV_PAGEOUT"},
    {"any_302", kByCase, "lower_limit"},
    {"any_157", kByCase, "prctl:PR_SET_TSC"},
    {"any_322", kByCase, "exec_by_descriptor"},  // the mount refuses: no programs in /data
    {"any_158", kByCase, "arch_prctl:ARCH_SET_GS"},
    {"any_257", kByCase, "nameless"},
    {"any_234", kByCase, "signal_other"},
    {"any_228", kByCase, "others_clock"},
    {"any_293", kByCase, "packet_pipe"},
    {"any_2", kByCase, "nameless_by_old_call"},
    {"any_229", kByCase, "others_clock_resolution"},
    {"any_435", kByCase, "clone3"},
};

// What a run without mutation gives, for attacks that say something.
struct End {
  Outcome outcome;
  int detail;
  std::string output;
  friend bool operator==(const End& a, const End& b) {
    return a.outcome == b.outcome && a.detail == b.detail && a.output == b.output;
  }
};

std::string Words(const End& end) {
  return absl::StrFormat("%s %d %s", OutcomeName(end.outcome), end.detail,
                         end.output.substr(0, 60));
}

class MutantsTest : public LaneTest {
 protected:
  // The mutant finds its name in the path by which it is executed.
  static LaneConfig MutantConfig(const std::string& off) {
    const std::string path = folder() + "/" + off;
    std::filesystem::remove(path);
    std::filesystem::create_symlink(ProgramPath("pinhole-box-mutant"), path);
    LaneConfig config = Config();
    config.launcher_path = path;
    config.cgroup_name += "-mutant";
    return config;
  }

  static absl::StatusOr<Lane> StartMutant(const std::string& off) {
    return StartUnchecked(MutantConfig(off));
  }

  static BoxSpec Spec() {
    BoxSpec spec = SmallBox();
    spec.cpu_seconds = 1;
    return spec;
  }

  static End RunIn(Lane& lane, std::string_view attack) {
    absl::StatusOr<Seen> seen = RunProgram(lane, HostileProgram(attack), Spec());
    if (!seen.ok()) return {Outcome::kSetupFailed, -1, std::string(seen.status().message())};
    const BoxReport& report = seen->report;
    if (report.outcome == Outcome::kSetupFailed) {
      EXPECT_EQ(seen->output, "") << "the program ran";
      return {report.outcome, 0, report.setup};
    }
    const int detail = report.outcome == Outcome::kSignaled ? report.signal : report.exit_code;
    return {report.outcome, detail, seen->output};
  }

  // Runs a program with three threads that stays, and looks at it from outside.
  static std::set<std::string> RecordIn(Lane& lane) {
    std::thread runner(
        [&] { (void)RunProgram(lane, HostileProgram("stay_with_threads"), Spec()); });
    const pid_t box = AwaitBox(lane.pid(), 3);
    std::set<std::string> record;
    if (box > 0) record = RecordOf(box);
    if (box > 0) kill(box, SIGKILL);
    runner.join();
    return record;
  }
};

// Lines that one record has and the other has not.
std::vector<std::string> Differences(const std::set<std::string>& one,
                                     const std::set<std::string>& other) {
  std::vector<std::string> differences;
  std::set_symmetric_difference(one.begin(), one.end(), other.begin(), other.end(),
                                std::back_inserter(differences));
  return differences;
}

TEST_F(MutantsTest, EveryStepIsMissedWhenItIsOff) {
  absl::StatusOr<Lane> whole = StartMutant("none");
  ASSERT_TRUE(whole.ok()) << whole.status();
  const std::set<std::string> record = RecordIn(*whole);
  ASSERT_GT(record.size(), 40u);
  EXPECT_EQ(Differences(record, RecordIn(SharedLane())), std::vector<std::string>{});
  std::map<std::string, End> ends;
  for (const Mutant& mutant : kMutants) {
    if (mutant.caught == kByRecord || mutant.caught == kClosed) continue;
    if (ends.count(mutant.by) == 0) ends[mutant.by] = RunIn(*whole, mutant.by);
  }
  whole = absl::CancelledError("ended");  // its cgroup is the next one's

  for (const Mutant& mutant : kMutants) {
    SCOPED_TRACE(mutant.off);
    absl::StatusOr<Lane> lane = StartMutant(mutant.off);
    EXPECT_TRUE(lane.ok()) << lane.status();
    if (!lane.ok()) continue;
    std::string shown;
    switch (mutant.caught) {
      case Caught::kByGate:
      case Caught::kByCase: {
        if (mutant.caught == kByGate && ends[mutant.by].detail == SIGSEGV) {
          shown = "not here: this kernel has no such gate";
          break;
        }
        const End end = RunIn(*lane, mutant.by);
        EXPECT_FALSE(end == ends[mutant.by]) << mutant.by << " does not miss it: " << Words(end);
        EXPECT_NE(end.outcome, Outcome::kSetupFailed) << Words(end);
        shown = Words(ends[mutant.by]) + " -> " + Words(end);
        break;
      }
      case Caught::kNot: {
        const End end = RunIn(*lane, mutant.by);
        EXPECT_TRUE(end == ends[mutant.by]) << Words(end);
        shown = "a second layer: " + Words(end);
        break;
      }
      case Caught::kByRecord: {
        const std::vector<std::string> lines = Differences(record, RecordIn(*lane));
        for (const std::string& line : lines) {
          if (line.rfind(mutant.by, 0) == 0) shown += (shown.empty() ? "" : " | ") + line;
        }
        EXPECT_FALSE(shown.empty()) << mutant.by << " of " << lines.size() << " changed lines";
        break;
      }
      case Caught::kClosed: {
        const End end = RunIn(*lane, "say_and_crash");
        EXPECT_EQ(OutcomeName(end.outcome), OutcomeName(Outcome::kSetupFailed));
        EXPECT_THAT(end.output, testing::HasSubstr(mutant.by));
        shown = "no box: " + end.output;
        break;
      }
    }
    std::printf("%s | %s | %s\n", mutant.off, mutant.by, shown.c_str());
  }
}

// A call with conditions that no mutant takes away would be a rule that nothing tests.
TEST(MutantsTableTest, EveryCallWithConditionsHasItsMutant) {
  std::set<std::string> names;
  for (const Mutant& mutant : kMutants) names.insert(mutant.off);
  const launcher::Table table = launcher::Calls();
  for (size_t i = 0; i < table.count; ++i) {
    const launcher::Row& row = table.rows[i];
    if (row.conditions[0].test == launcher::Condition::Test::kNone) continue;
    EXPECT_EQ(names.count(absl::StrFormat("any_%d", row.call)), 1u) << row.call;
  }
}

// What the record of a living box shows, a lane's start sees: no run is needed.
TEST_F(MutantsTest, ALaneWhoseBoxIsNotAsPromisedDoesNotStart) {
  int refused = 0;
  for (const Mutant& mutant : kMutants) {
    SCOPED_TRACE(mutant.off);
    const bool shown = mutant.caught == kByRecord || mutant.caught == kClosed;
    const char* const named = shown && mutant.refused == nullptr ? mutant.by : mutant.refused;
    const absl::Status status = Lane::Start(MutantConfig(mutant.off)).status();
    const std::string message(status.message());
    refused += status.ok() ? 0 : 1;
    if (named == kEither) continue;
    if (named == nullptr) {
      EXPECT_TRUE(status.ok()) << message;
      continue;
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << message;
    EXPECT_THAT(message, testing::HasSubstr(named));
    std::printf("%s | %s\n", mutant.off, message.c_str());
  }
  std::printf("%d of %zu refused\n", refused, std::size(kMutants));
}

TEST_F(MutantsTest, ABoxThatDoesNotDieWithItsLauncherIsSeen) {
  absl::StatusOr<Lane> lane = StartMutant("no_parent_death");
  ASSERT_TRUE(lane.ok()) << lane.status();
  std::thread runner([&] { (void)RunProgram(*lane, HostileProgram("stay_with_threads"), Spec()); });
  const pid_t box = AwaitBox(lane->pid(), 3);
  ASSERT_GT(box, 0);
  const UniqueFd handle = Handle(box);
  kill(lane->pid(), SIGKILL);
  runner.join();
  // lifetime_test sees a box end here; this one has nobody who would end it.
  pollfd event{handle.get(), POLLIN, 0};
  EXPECT_EQ(poll(&event, 1, 100), 0);
  kill(box, SIGKILL);
  EXPECT_TRUE(EndsSoon(handle));
}

TEST_F(MutantsTest, ALauncherWithoutAClockIsGivenUp) {
  absl::StatusOr<Lane> lane = StartMutant("no_wall_limit");
  ASSERT_TRUE(lane.ok()) << lane.status();
  BoxSpec spec = Spec();
  spec.wall = absl::Milliseconds(100);
  EXPECT_EQ(RunProgram(*lane, HostileProgram("sleep_forever"), spec).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(MutantsTest, ALeakedDescriptorHasTwoStepsToPass) {
  const UniqueFd leaked(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd high(fcntl(leaked.get(), F_DUPFD, 700));  // inherited, as by mistake
  const std::string number = absl::StrFormat("%d ", high.get());
  const auto shown = [](const char* off) {
    absl::StatusOr<Lane> lane = StartMutant(off);
    return lane.ok() ? RunIn(*lane, "descriptors").output : std::string(lane.status().message());
  };
  EXPECT_EQ(shown("inherited_kept"), "0 1 2 ");
  EXPECT_EQ(shown("descriptors_kept"), "0 1 2 3 ");
  EXPECT_THAT(shown("inherited_kept+descriptors_kept"), testing::HasSubstr(" " + number));
}

// How a program that exits with 7 ends on its way into a box of `profile`.
BoxReport Exit7(Lane& lane, Profile profile) {
  BoxSpec spec = SmallBox();
  spec.profile = profile;
  BoxFds fds;
  if (profile == Profile::kScorer) {
    fds.input = FileOf("");
    fds.labels = FileOf("");
  }
  absl::StatusOr<Seen> seen = RunProgram(lane, HostileProgram("exit:7"), spec, std::move(fds));
  EXPECT_TRUE(seen.ok()) << seen.status();
  return seen.ok() ? seen->report : BoxReport();
}

// Every call on the way into the box fails once, and the child ends at each once: no program runs
// in a box that is made in part, and no lane starts with one.
TEST_F(MutantsTest, NoProgramRunsInABoxMadeInPart) {
  for (const Profile profile : {Profile::kStatic, Profile::kScorer}) {
    const char* const name = profile == Profile::kStatic ? "model" : "scorer";
    for (const char* what : {"fails_at_", "ends_at_"}) {
      std::vector<int> others;
      int step = 1;
      for (;; ++step) {
        ASSERT_LT(step, 1000);
        const LaneConfig config = MutantConfig(absl::StrFormat("%s%d", what, step));
        {
          absl::StatusOr<Lane> lane = StartUnchecked(config);
          ASSERT_TRUE(lane.ok()) << lane.status();
          const BoxReport report = Exit7(*lane, profile);
          if (report.outcome == Outcome::kExited && report.exit_code == 7) break;
          if (report.outcome != Outcome::kSetupFailed) others.push_back(step);
        }
        EXPECT_FALSE(Lane::Start(config).ok()) << name << " " << what << step;
      }
      // The last step is the execution itself: its failure can be the file's fault, and an end
      // there cannot be told from the program's.
      EXPECT_THAT(others, testing::ElementsAre(step - 1)) << name << " " << what;
      std::printf("%s | %s | %d steps\n", name, what, step - 1);
      EXPECT_GT(step, 100) << "the injection does not reach the steps";
    }
  }
}

}  // namespace
}  // namespace pinhole::sandbox
