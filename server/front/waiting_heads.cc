#include "server/front/waiting_heads.h"

namespace pinhole::front {

absl::Status NoWitnesses::Show(const WaitingHead& head) {
  if (!told_) {
    log_.Write(event::NoWitnessFolder{.entries = static_cast<int64_t>(head.hashes.size())});
  }
  told_ = true;
  return absl::OkStatus();
}

}  // namespace pinhole::front
