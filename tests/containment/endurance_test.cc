// Many boxes, however they end and whatever they call, leave the host as it was.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "absl/strings/str_format.h"
#include "tests/containment/cases.h"
#include "tests/containment/host_state.h"
#include "tests/containment/lane_fixture.h"
#include "tests/containment/processes.h"

namespace pinhole::sandbox {
namespace {

using State = std::map<std::string, std::string>;

// Caches of the kernel that a box takes an object of. They are the whole machine's and emptied
// late, so a leak is told from noise by its size: one a run.
constexpr const char* kCaches[] = {"net_namespace", "pid_namespace", "user_namespace", "key_jar",
                                   "mnt_cache"};

class EnduranceTest : public LaneTest {
 protected:
  static State Now() {
    return HostState(SharedLane().pid(), kLaneUid, view_path(), LauncherPath());
  }
  // The kernel ends a box's last tasks a moment after its report.
  static void ExpectUnchanged(const State& before) {
    EXPECT_TRUE(Await([&] { return Now() == before; }));
    for (const auto& [name, value] : Now()) EXPECT_EQ(value, before.at(name)) << name;
  }
};

TEST_F(EnduranceTest, AThousandRunsLeaveEveryCountWhereItWas) {
  constexpr int kRuns = 1000;
  struct Kind {
    const char* attack;
    Outcome outcome;
    int every;
  };
  // The slow ends come rarely.
  const Kind kinds[] = {
      {"memory_bomb", Outcome::kMemoryLimit, 100},  {"cpu_spin", Outcome::kCpuLimit, 500},
      {"sleep_forever", Outcome::kWallLimit, 25},   {"stdout_flood", Outcome::kOutputLimit, 20},
      {"thread_bomb", Outcome::kExited, 9},         {"fill_scratch", Outcome::kExited, 11},
      {"fill_inodes", Outcome::kExited, 13},        {"stay_with_threads", Outcome::kWallLimit, 40},
      {"add_key", Outcome::kForbiddenCall, 5},      {"open_network", Outcome::kForbiddenCall, 4},
      {"segfault", Outcome::kSignaled, 3},          {"pipe_bomb", Outcome::kExited, 17},
      {"forged_frame", Outcome::kForbiddenCall, 7}, {"exit:7", Outcome::kExited, 2},
      {"call:shmget", Outcome::kForbiddenCall, 1}};
  BoxSpec spec = SmallBox();
  spec.memory_bytes = int64_t{16} << 20;
  spec.scratch_bytes = int64_t{1} << 20;
  spec.output_bytes = int64_t{64} << 10;
  spec.cpu_seconds = 1;
  const auto run = [&](int number) {
    const Kind* kind = kinds;
    while (number % kind->every != 0) ++kind;
    spec.diagnostics = number % 3 == 0 ? Diagnostics::kRehearsal : Diagnostics::kSealed;
    const bool waits = kind->outcome == Outcome::kWallLimit;
    spec.wall = waits ? absl::Milliseconds(30) : absl::Seconds(20);
    absl::StatusOr<Seen> seen = RunProgram(SharedLane(), HostileProgram(kind->attack), spec);
    ASSERT_TRUE(seen.ok()) << number << " " << kind->attack << ": " << seen.status();
    EXPECT_EQ(OutcomeName(seen->report.outcome), OutcomeName(kind->outcome))
        << kind->attack << " " << seen->report.setup;
  };
  for (int number = 1; number <= 12; ++number) run(number);
  const State before = Now();
  std::map<std::string, long> objects;
  for (const char* cache : kCaches) objects[cache] = KernelObjects(cache);
  for (int number = 1; number <= kRuns; ++number) run(number);
  ExpectUnchanged(before);
  for (const char* cache : kCaches) {
    if (objects[cache] < 0) {
      std::printf("%s: this kernel does not tell\n", cache);
      EXPECT_FALSE(MustWork()) << cache << " cannot be counted (PINHOLE_MUST_WORK=1)";
      continue;
    }
    EXPECT_TRUE(Await([&] { return KernelObjects(cache) < objects[cache] + kRuns / 2; })) << cache;
    std::printf("%s: %ld before, %ld after\n", cache, objects[cache], KernelObjects(cache));
  }
}

// Seeds are fixed, so a failure can be had again; PINHOLE_FUZZ_SECONDS takes more of them.
TEST_F(EnduranceTest, RandomCallsHarmNobody) {
  const char* const wanted = getenv("PINHOLE_FUZZ_SECONDS");
  const absl::Duration time = absl::Seconds(wanted == nullptr ? 5 : atoi(wanted));
  BoxSpec spec = SmallBox();
  spec.wall = absl::Milliseconds(500);
  spec.scratch_bytes = int64_t{1} << 20;
  ASSERT_TRUE(RunProgram(SharedLane(), HostileProgram("succeed"), spec).ok());
  const State before = Now();
  const pid_t launcher = SharedLane().pid();
  std::map<std::string_view, int> ends;
  int64_t calls = 0;
  const absl::Time stop = absl::Now() + time;
  int seed = 1;
  for (; absl::Now() < stop; ++seed) {
    spec.diagnostics = seed % 2 == 0 ? Diagnostics::kSealed : Diagnostics::kRehearsal;
    const std::string attack = absl::StrFormat("fuzz:%d", seed);
    absl::StatusOr<Seen> seen = RunProgram(SharedLane(), HostileProgram(attack), spec);
    ASSERT_TRUE(seen.ok()) << attack << ": " << seen.status();
    const Outcome outcome = seen->report.outcome;
    EXPECT_NE(outcome, Outcome::kSetupFailed) << attack << ": " << seen->report.setup;
    EXPECT_NE(outcome, Outcome::kNotExecutable) << attack;
    ++ends[OutcomeName(outcome)];
    calls += 16 * seen->report.output_bytes;  // a byte goes out before every 16
  }
  EXPECT_EQ(SharedLane().pid(), launcher);
  EXPECT_EQ(RunProgram(SharedLane(), HostileProgram("exit:7"), spec)->report.exit_code, 7);
  ExpectUnchanged(before);
  for (const auto& [name, count] : ends) {
    std::printf("%s: %d\n", std::string(name).c_str(), count);
  }
  std::printf("%d boxes, about %lld calls\n", seed - 1, static_cast<long long>(calls));
  EXPECT_GT(calls, 16) << "nothing was tried";
  EXPECT_GT(ends.size(), 1u);
}

}  // namespace
}  // namespace pinhole::sandbox
