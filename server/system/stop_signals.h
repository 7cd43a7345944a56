// SIGTERM and SIGINT as a descriptor that can be waited for.
#pragma once

#include "absl/status/statusor.h"
#include "server/system/unique_fd.h"

namespace pinhole {

// Blocks both signals in this thread and all it starts later, so call it before any thread is
// there. The descriptor (a non-blocking signalfd) is readable from the first of them on.
absl::StatusOr<UniqueFd> BlockStopSignals();

}  // namespace pinhole
