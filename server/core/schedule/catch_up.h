// How far the rounds must move after the vault stood still: a function of public facts and the
// clock alone.
#pragma once

#include <cstdint>

#include "server/core/schedule/round_clock.h"

namespace pinhole::schedule {

enum class RunsDue { kNone, kSome };

// Rounds by which `next_round` and all later ones must move, so that the runs due in it get their
// whole run window and its exchange begins in the future; 0 when there is nothing to move. Whether
// a due run ended before the stop plays no role: that is private.
inline int64_t RoundsToShift(const RoundClock& clock, int64_t next_round, RunsDue due,
                             int64_t now_ms) {
  const int64_t latest =
      due == RunsDue::kSome ? clock.StartMs(next_round) : clock.ExchangeMs(next_round);
  // A little late is in time: the exchange window has room, and a run window counts the time to
  // settle for such.
  constexpr int64_t kGraceMs = 250;
  const int64_t late = now_ms - kGraceMs - latest;
  if (late <= 0) return 0;
  const int64_t length = clock.EndMs(next_round) - clock.StartMs(next_round);
  return (late + length - 1) / length;
}

}  // namespace pinhole::schedule
