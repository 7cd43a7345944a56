// SIGTERM and SIGINT as a descriptor that can be waited for.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/system/unique_fd.h"
#include "server/vault/pace.h"

namespace pinhole::vault {

class StopSignal final : public Pace {
 public:
  // Blocks both signals in this thread and all it starts later; make it before any thread.
  static absl::StatusOr<StopSignal> Block();

  bool WaitFor(absl::Duration wait) const override;
  void Hold(absl::Duration wait) const override;

 private:
  explicit StopSignal(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace pinhole::vault
