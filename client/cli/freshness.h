// Whether a ledger is as new as the clock says it must be: every round has its ROUND entry, so one
// that is missing is news withheld, or a server that stands still.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::cli {

// How long after a round's end its ROUND entry may still be under way.
inline constexpr int64_t kHandoverMs = 2000;

struct Lateness {
  int64_t expected_round = 0;  // the last whose entry must be there
  int64_t last_round = 0;      // the last whose entry is there
  int64_t due_ms = 0;          // when the first missing one was due
};

// None for a ledger that is fresh, and for a closed contest.
std::optional<Lateness> FindLateness(const replay::Contest& contest, int64_t now_ms);

// One loud line for the person.
std::string LatenessText(const replay::Contest& contest, const Lateness& lateness,
                         const absl::TimeZone& zone);

// When the next ROUND entry must be there at the latest.
int64_t NextRoundDueMs(const replay::Contest& contest);

// "2027-03-11 14:30:15 UTC"
std::string TimeText(int64_t unix_ms, const absl::TimeZone& zone);

}  // namespace pinhole::cli
