#include "server/vault/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>

#include "absl/time/clock.h"

namespace pinhole::vault {

absl::StatusOr<StopSignal> StopSignal::Block() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0)
    return absl::ErrnoToStatus(errno, "pthread_sigmask");
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "signalfd");
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
