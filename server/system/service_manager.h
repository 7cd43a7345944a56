// Tells the service manager (systemd, Type=notify) how far a server is; see sd_notify(3).
#pragma once

#include "server/system/unique_fd.h"

namespace pinhole {

enum class ServiceState { kReady, kStopping };

// Connects at once, so that a process can tell after it has denied itself sockets. Without a
// manager (no NOTIFY_SOCKET), or when it does not answer, telling does nothing: a server runs
// without one.
class ServiceManager {
 public:
  static ServiceManager FromEnvironment();
  void Tell(ServiceState state) const;

 private:
  explicit ServiceManager(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace pinhole
