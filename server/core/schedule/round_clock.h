// Which round a moment belongs to. Rounds are numbered from 1 without gaps; a SHIFT moves all later
// ones by whole rounds.
#pragma once

#include <cstdint>

#include "server/core/contest/policy.h"

namespace pinhole::schedule {

// A pure map between Unix milliseconds and rounds. A value type.
class RoundClock {
 public:
  // `shifted` is the sum of all rounds that SHIFT entries moved so far.
  RoundClock(const contest::Rounds& rounds, int64_t shifted)
      : origin_ms_(rounds.origin_ms + shifted * rounds.length_ms),
        length_ms_(rounds.length_ms),
        run_window_ms_(rounds.run_window_ms) {}

  // The round that is under way; 0 or less before round 1.
  int64_t RoundAt(int64_t now_ms) const {
    const int64_t since = now_ms - origin_ms_;
    return since >= 0 ? since / length_ms_ + 1 : -((-since - 1) / length_ms_);
  }
  // Begin of the run window.
  int64_t StartMs(int64_t round) const { return origin_ms_ + (round - 1) * length_ms_; }
  // Begin of the exchange window, in which the round's results are released.
  int64_t ExchangeMs(int64_t round) const { return StartMs(round) + run_window_ms_; }
  int64_t EndMs(int64_t round) const { return StartMs(round) + length_ms_; }

 private:
  int64_t origin_ms_;
  int64_t length_ms_;
  int64_t run_window_ms_;
};

}  // namespace pinhole::schedule
