#include "tests/redteam/real/contention.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/box.h"
#include "server/system/temp_dir.h"
#include "tests/redteam/meter.h"
#include "tests/redteam/real/secret.h"
#include "tests/support/vault_harness.h"

namespace pinhole::redteam {
namespace {

constexpr int64_t kHalfNs = int64_t{kSlotMs} * 500'000;
constexpr int kSenderCore = 0;

[[noreturn]] void Fail(std::string_view what) {
  std::fprintf(stderr, "contention: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

int64_t Now() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void StayOn(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (::sched_setaffinity(0, sizeof cores, &cores) != 0) Fail("no such core");
}

// How often a loop of its own goes round in each half.
std::vector<double> Listen(int64_t start_ns, int64_t halves, Load load) {
  std::vector<unsigned char> room(load == Load::kMemory ? size_t{8} << 20 : 4096);
  std::vector<double> rounds(static_cast<size_t>(halves));
  volatile uint64_t sink = 0;
  uint64_t place = 1;
  while (Now() < start_ns) ::usleep(200);
  for (int64_t half = 0; half < halves; ++half) {
    const int64_t end = start_ns + (half + 1) * kHalfNs;
    for (; Now() < end; ++rounds[static_cast<size_t>(half)]) {
      for (int i = 0; i < 200; ++i) {
        place = place * 6364136223846793005 + 1442695040888963407;
        sink = sink + room[(place >> 20) % room.size()];
      }
    }
  }
  return rounds;
}

double Entropy(double p) {
  return p <= 0 || p >= 1 ? 0 : -p * std::log2(p) - (1 - p) * std::log2(1 - p);
}

}  // namespace

double Contention::BitsASlot() const {
  const double lowest = LowestRate(right, slots);
  return lowest <= 0.5 ? 0 : 1 - Entropy(lowest);
}

double Contention::BitsASecond() const { return BitsASlot() * 1000 / kSlotMs; }

Contention Feel(Load load, Receiver receiver, int64_t slots, uint64_t seed) {
  const int64_t known = slots / 8;
  const TempDir folder = *TempDir::Make();
  const std::string view = folder.path() + "/view";
  if (::mkdir(view.c_str(), 0755) != 0 || ::chmod(folder.path().c_str(), 0755) != 0) Fail("folder");
  std::mt19937_64 random(seed);
  std::string bits;
  std::string halves;
  for (int64_t i = 0; i < known + slots; ++i) {
    const bool bit = (random() >> 40 & 1) != 0;
    bits += bit ? '\1' : '\0';
    halves += bit ? std::string("\1\0", 2) : std::string("\0\1", 2);
  }

  auto lane = sandbox::Lane::Start(
      {.launcher_path = testing::Bin("pinhole-box"), .view_path = view, .core = kSenderCore});
  if (!lane.ok()) Fail(lane.status().ToString());
  const Modulation what{.start_ns = Now() + 500'000'000,
                        .slot_ns = kHalfNs,
                        .slots = 2 * (known + slots),
                        .memory = load == Load::kMemory ? 1 : 0};
  std::ofstream(view + "/secret").write(reinterpret_cast<const char*>(&what), sizeof what)
      << halves;

  sandbox::Outcome outcome{};
  std::jthread sender([&] {
    sandbox::BoxFds fds{.program = sandbox::UniqueFd(::open(
                            testing::TestBin("redteam_modulator").c_str(), O_RDONLY | O_CLOEXEC))};
    const UniqueFd output(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    fds.output_fd = output.get();
    const absl::Duration wall =
        absl::Seconds(2) + absl::Milliseconds(kSlotMs) * static_cast<double>(known + slots);
    const auto report =
        lane->Run({.wall = wall, .cpu_seconds = absl::ToInt64Seconds(wall) + 1}, std::move(fds));
    if (report.ok()) outcome = report->outcome;
  });
  std::vector<double> rounds;
  std::jthread listener([&] {
    StayOn(receiver == Receiver::kSameCore ? kSenderCore : kSenderCore + 1);
    rounds = Listen(what.start_ns, what.slots, load);
  });
  listener.join();
  sender.join();
  if (outcome != sandbox::Outcome::kExited) Fail("the box's program did not end well");

  // Which sign of the difference of both halves is a one.
  const auto first_is_slower = [&rounds](size_t i) { return rounds[2 * i] < rounds[2 * i + 1]; };
  int64_t agree = 0;
  for (size_t i = 0; i < static_cast<size_t>(known); ++i)
    agree += first_is_slower(i) == (bits[i] != 0) ? 1 : 0;
  const bool slower_is_one = 2 * agree >= known;
  Contention felt{.slots = slots};
  for (size_t i = static_cast<size_t>(known); i < bits.size(); ++i)
    felt.right += (first_is_slower(i) == slower_is_one) == (bits[i] != 0) ? 1 : 0;
  return felt;
}

}  // namespace pinhole::redteam
