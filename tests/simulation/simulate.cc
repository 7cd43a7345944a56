// simulate FROM TO: tries the seeds from FROM to TO, TO included. A seed that fails prints a line
// and can be tried alone: simulate SEED. Ends with 1 when one failed. With PINHOLE_MUTANT=N the
// worlds make the Nth mistake of `Mutant` on purpose.
#include <signal.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "tests/simulation/seeds.h"

namespace {

using pinhole::simulation::Mutant;
using pinhole::simulation::Report;

double CpuSeconds() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void Print(const Report& all, uint64_t seeds, double seconds) {
  const auto& c = all.counts;
  const auto& d = all.differences;
  std::printf(
      "%ju seeds: %jd submissions sent, %jd batches whole, %jd admitted, %jd results (%jd levels), "
      "%jd runs\n",
      seeds, c.sent, c.batches, c.admitted, c.results, c.levels, c.runs);
  std::printf("  %jd acts of an organizer, %jd choices, %jd places by one that is not the best\n",
              c.acts, c.choices, c.judged);
  std::printf(
      "  %jd lives of a vault, %jd crashes, %jd kills, %jd other faults, %jd asked stops, %jd "
      "shifts, %jd paid starts, %jd unpaid, %jd stops, %jd closed; %jd heads shown to witnesses, "
      "%jd cosigned\n",
      c.lives, c.crashes, c.kills, c.faults, c.asked, c.shifts, c.starts, c.unpaid, c.stopped,
      c.closed, c.waits, c.quorums);
  std::printf(
      "  %jd syncs failed, %jd of them lost what was to be synced; soon after: %jd crashes, %jd "
      "kills, %jd of these after a loss\n",
      c.failed_syncs, c.lost_syncs, c.outages_after_sync, c.kills_after_sync, c.kills_after_loss);
  std::printf(
      "  twins differed in %jd levels, %jd ends, %jd times, %jd outputs, %jd orders, %jd crash "
      "points\n",
      d.levels, d.outcomes, d.times, d.outputs, d.orders, d.crash_steps);
  std::printf("  %.1f s of one processor: %.0f submissions a second, %.0f admitted\n", seconds,
              static_cast<double>(c.sent) / seconds, static_cast<double>(c.admitted) / seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: simulate SEED | simulate FROM TO\n");
    return 2;
  }
  ::signal(SIGPIPE, SIG_IGN);
  const uint64_t from = std::strtoull(argv[1], nullptr, 10);
  const uint64_t to = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : from;
  const char* mutant = std::getenv("PINHOLE_MUTANT");
  const auto mistake = static_cast<Mutant>(mutant == nullptr ? 0 : std::atoi(mutant));
  Report all;
  int64_t failed = 0;
  const double begin = CpuSeconds();
  for (uint64_t seed = from; seed <= to; ++seed) {
    const Report report = pinhole::simulation::TrySeed(seed, mistake);
    all.counts.Add(report.counts);
    all.differences.Add(report.differences);
    if (report.violation.empty()) continue;
    ++failed;
    std::printf("seed %ju: %s\n", seed, report.violation.c_str());
    std::fflush(stdout);
  }
  Print(all, to - from + 1, CpuSeconds() - begin);
  if (failed > 0) std::printf("%jd seeds FAILED\n", failed);
  return failed == 0 ? 0 : 1;
}
