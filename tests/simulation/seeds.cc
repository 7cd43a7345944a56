#include "tests/simulation/seeds.h"

#include "tests/simulation/properties.h"

namespace pinhole::simulation {
namespace {

Differences Compare(const Outcome& a, const Outcome& b) {
  Differences found;
  for (const auto& [admit, one] : a.committed) {
    const auto other = b.committed.find(admit);
    if (other == b.committed.end()) continue;
    const vault::RunEvidence& x = one.fate.evidence;
    const vault::RunEvidence& y = other->second.fate.evidence;
    if (one.fate.answer != other->second.fate.answer) ++found.levels;
    if (x.outcome != y.outcome || x.exit_code != y.exit_code) ++found.outcomes;
    if (one.end_ms != other->second.end_ms) ++found.times;
    if (x.output != y.output) ++found.outputs;
  }
  if (a.order != b.order) ++found.orders;
  for (size_t i = 0; i < std::min(a.crash_steps.size(), b.crash_steps.size()); ++i) {
    if (a.crash_steps[i] != b.crash_steps[i]) ++found.crash_steps;
  }
  return found;
}

// Adds the world to the report; false when the report has its violation.
bool Take(const Outcome& outcome, const std::string& which, Report& report) {
  report.counts.Add(outcome.counts);
  if (!outcome.violation.empty()) report.violation = which + ": " + outcome.violation;
  return report.violation.empty();
}

Report TryFaults(uint64_t seed, Mutant mutant) {
  Report report;
  Take(Play({.seed = seed, .private_seed = ~seed, .faults = true, .mutant = mutant}),
       "a world of faults", report);
  return report;
}

Report TryTwins(uint64_t seed, Mutant mutant) {
  Report report;
  const Random fates = Random(seed).Branch(7);
  const PublicWorld world = MakePublicWorld(seed);
  const auto first_fate = [&](int64_t admit, int64_t /*attempt*/) {
    Random own = fates.Branch(static_cast<uint64_t>(admit));
    return DrawFate(own, world.ranges());
  };
  Setting setting{.seed = seed, .private_seed = seed, .fate = first_fate, .mutant = mutant};
  const Outcome first = Play(setting);
  if (!Take(first, "a world", report)) return report;

  setting.private_seed = ~seed;
  const Outcome other_order = Play(setting);
  if (!Take(other_order, "the same in another order", report)) return report;
  report.differences.Add(Compare(first, other_order));
  report.violation = Difference(first.seen, other_order.seen);
  if (!report.violation.empty()) {
    report.violation = "another order of completion is seen: " + report.violation;
    return report;
  }

  const auto same = SameSymbol(first.entries);
  const Random others = Random(seed).Branch(8);
  setting.fate = [&](int64_t admit, int64_t attempt) {
    Random own = others.Branch(static_cast<uint64_t>(admit * 64 + attempt));
    const auto found = same.find(admit);
    if (found == same.end()) return DrawFate(own, world.ranges());
    const auto count = static_cast<int64_t>(found->second.size());
    // What a final board may show stays; it shows the best of shown levels.
    std::optional<int> final_level;
    if (world.policy.release.final_rule != contest::FinalRule::kNone)
      final_level = first_fate(admit, 0).answer[5];
    return DrawFateOf(own, world.ranges(), found->second[static_cast<size_t>(own.Below(count))],
                      final_level);
  };
  const Outcome other_runs = Play(setting);
  if (!Take(other_runs, "its twin", report)) return report;
  report.differences.Add(Compare(first, other_runs));
  report.violation = Difference(first.seen, other_runs.seen);
  if (!report.violation.empty()) report.violation = "private runs are seen: " + report.violation;
  return report;
}

}  // namespace

void Differences::Add(const Differences& other) {
  levels += other.levels;
  outcomes += other.outcomes;
  times += other.times;
  outputs += other.outputs;
  orders += other.orders;
  crash_steps += other.crash_steps;
}

Report TrySeed(uint64_t seed, Mutant mutant) {
  return seed % 3 == 0 ? TryFaults(seed, mutant) : TryTwins(seed, mutant);
}

}  // namespace pinhole::simulation
