#include "client/cli/freshness.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace pinhole::cli {

std::optional<Lateness> FindLateness(const replay::Contest& contest, int64_t now_ms) {
  if (contest.phase == replay::Phase::kClosed) return std::nullopt;
  const int64_t ended = contest.Clock().RoundAt(now_ms - kHandoverMs) - 1;
  const int64_t expected = std::min(ended, contest.policy.policy.rounds.count);
  if (expected <= contest.last_round) return std::nullopt;
  return Lateness{.expected_round = expected,
                  .last_round = contest.last_round,
                  .due_ms = contest.Clock().EndMs(contest.NextRound())};
}

std::string LatenessText(const replay::Contest& contest, const Lateness& lateness,
                         const absl::TimeZone& zone) {
  return absl::StrFormat(
      "LEDGER IS LATE: round %d of %s was due %s, the newest round shown is %d. The server stands "
      "still, withholds news, or one of the clocks is wrong; what is below may be old",
      lateness.last_round + 1, contest.policy.policy.contest, TimeText(lateness.due_ms, zone),
      lateness.last_round);
}

int64_t NextRoundDueMs(const replay::Contest& contest) {
  return contest.Clock().EndMs(contest.NextRound()) + kHandoverMs;
}

std::string TimeText(int64_t unix_ms, const absl::TimeZone& zone) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Z", absl::FromUnixMillis(unix_ms), zone);
}

}  // namespace pinhole::cli
