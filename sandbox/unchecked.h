// A lane whose boxes nobody has looked at: for tests of launchers that are wrong on purpose, and
// nothing else. Its own header, so that its use shows (tests/structure/includes_test.py).
#pragma once

#include "absl/status/statusor.h"
#include "sandbox/box.h"

namespace pinhole::sandbox {

// As Lane::Start, but for the comparison with the golden record; LaneFacts::record stays empty.
absl::StatusOr<Lane> StartUnchecked(const LaneConfig& config);

}  // namespace pinhole::sandbox
