#include "tests/redteam/gate_of_test.h"

// All that gate.cc includes, before one name of it changes.
#include <optional>

#include "absl/status/statusor.h"
#include "server/core/base/status.h"
#include "server/core/log/entries.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/score/level.h"
#include "tests/support/ledger_builder.h"

// The shipped gate's own text. Every symbol of its object is defined here, so the linker does not
// take that object from the library; if it did, the names would be there twice and it would stop.
#define Release ShippedRelease
#include "server/core/gate/gate.cc"  // NOLINT(bugprone-suspicious-include)
#undef Release

namespace pinhole::redteam {
namespace {
// Kept in the program under this name: what ShippedTest looks for.
GateMode mode_of_redteam_gate = GateMode::kShipped;
}  // namespace

void SetGate(GateMode mode) { mode_of_redteam_gate = mode; }

}  // namespace pinhole::redteam

namespace pinhole::gate {

absl::StatusOr<log::EncodedEntry> Release(const replay::Contest& contest,
                                          const replay::Admission& admission,
                                          const std::optional<score::Level>& level,
                                          const std::optional<Digest>& blind) {
  if (redteam::mode_of_redteam_gate == redteam::GateMode::kShipped)
    return ShippedRelease(contest, admission, level, blind);
  const int worse = contest.policy.policy.scoring.scale.level_count();
  return ShippedRelease(contest, admission, testing::LevelOfIndex(worse, worse), blind);
}

}  // namespace pinhole::gate
