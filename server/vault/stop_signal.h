// SIGTERM and SIGINT as a descriptor that can be waited for.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/system/unique_fd.h"

namespace pinhole::vault {

class StopSignal {
 public:
  // Blocks both signals in this thread and all it starts later; make it before any thread.
  static absl::StatusOr<StopSignal> Block();

  bool Asked() const { return WaitFor(absl::ZeroDuration()); }
  // True as soon as a stop was asked for, false after `wait`.
  bool WaitFor(absl::Duration wait) const;

 private:
  explicit StopSignal(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace pinhole::vault
