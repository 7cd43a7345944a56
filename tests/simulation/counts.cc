#include "tests/simulation/world.h"

namespace pinhole::simulation {

void Counts::Add(const Counts& other) {
  sent += other.sent;
  batches += other.batches;
  admitted += other.admitted;
  results += other.results;
  levels += other.levels;
  runs += other.runs;
  lives += other.lives;
  crashes += other.crashes;
  kills += other.kills;
  failed_syncs += other.failed_syncs;
  lost_syncs += other.lost_syncs;
  kills_after_sync += other.kills_after_sync;
  kills_after_loss += other.kills_after_loss;
  outages_after_sync += other.outages_after_sync;
  faults += other.faults;
  asked += other.asked;
  acts += other.acts;
  choices += other.choices;
  judged += other.judged;
  shifts += other.shifts;
  starts += other.starts;
  unpaid += other.unpaid;
  waits += other.waits;
  quorums += other.quorums;
  stopped += other.stopped;
  closed += other.closed;
}

}  // namespace pinhole::simulation
