// Which round a submission runs in: a function of the order of admission alone, never of how
// anything ran.
#pragma once

#include <cstdint>

#include "server/core/contest/policy.h"

namespace pinhole::schedule {

// First come, first served; each round takes lanes · runs-per-lane runs. A value type: the ledger's
// fold holds one a contest.
class RunQueue {
 public:
  explicit RunQueue(const contest::Policy& policy)
      : capacity_(int64_t{policy.rounds.lanes} * contest::RunsPerLane(policy)) {}

  // The round that the next submission would get when admitted in the exchange of `round`: the
  // first later one with room.
  int64_t Peek(int64_t round) const {
    if (round + 1 > last_round_) return round + 1;
    return used_ < capacity_ ? last_round_ : last_round_ + 1;
  }
  // Takes that place.
  int64_t Take(int64_t round) {
    const int64_t assigned = Peek(round);
    used_ = assigned == last_round_ ? used_ + 1 : 1;
    last_round_ = assigned;
    return assigned;
  }

 private:
  int64_t capacity_;
  int64_t last_round_ = 0;
  int64_t used_ = 0;
};

// Runs the contest can do before it closes: what `plan` holds against tries · teams.
inline int64_t Capacity(const contest::Policy& policy) {
  return int64_t{policy.rounds.lanes} * contest::RunsPerLane(policy) * (policy.rounds.count - 1);
}

}  // namespace pinhole::schedule
