#include "server/system/stop_signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace pinhole {

absl::StatusOr<UniqueFd> BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0)
    return absl::ErrnoToStatus(errno, "pthread_sigmask");
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "signalfd");
  return fd;
}

}  // namespace pinhole
