#include "server/vault/stop_signal.h"

#include <poll.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "server/core/base/status.h"
#include "server/system/stop_signals.h"

namespace pinhole::vault {

absl::StatusOr<StopSignal> StopSignal::Block() {
  ASSIGN_OR_RETURN(UniqueFd fd, BlockStopSignals());
  return StopSignal(std::move(fd));
}

bool StopSignal::WaitFor(absl::Duration wait) const {
  // The signal is never read, so that once asked stays asked.
  pollfd ready = {.fd = fd_.get(), .events = POLLIN};
  const int64_t ms = std::clamp<int64_t>(absl::ToInt64Milliseconds(wait), 0, 3'600'000);
  return ::poll(&ready, 1, static_cast<int>(ms)) == 1;
}

void StopSignal::Hold(absl::Duration wait) const { absl::SleepFor(wait); }

}  // namespace pinhole::vault
