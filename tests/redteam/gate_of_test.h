// The gate of the red team's programs: the shipped one, with a switch before it. The shipped gate
// has no switch; ShippedTest looks at every shipped program for this one.
#pragma once

namespace pinhole::redteam {

enum class GateMode {
  kShipped,
  // One symbol whatever the level: every run counts as worse than worst, which shows NOT_IMPROVED
  // (under every-score FAILED). So nothing is declared to leave, and whatever does is a side
  // channel.
  kMute,
};

// For all vaults of this program, which has one thread.
void SetGate(GateMode mode);

}  // namespace pinhole::redteam
