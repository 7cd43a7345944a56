// The gate of the final set: the one place where final levels become the places of a board that may
// be shown. A pure function of the ledger and the levels.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/log/blinding.h"
#include "server/core/log/entries.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/score/level.h"

namespace pinhole::gate {

// A team's level on the final rows, by the submission that it is judged by; nothing when that run
// failed.
using FinalLevels = std::map<int, std::optional<score::Level>>;

class FinalBoard {
 public:
  // The FINAL entries of a contest that is at its end, in order; none when its policy shows none.
  // `levels` has one for each of FinalTeams(contest). Order of winner and top3: final level, then
  // the shown one, then the earlier shown. The first place will be entry number `first` of the
  // ledger; `blinder` is the last ROUND's. Errors: INVALID_ARGUMENT when a level is missing.
  static absl::StatusOr<std::vector<log::EncodedEntry>> Release(const replay::Contest& contest,
                                                                const FinalLevels& levels,
                                                                int64_t first = 0,
                                                                const log::Blinder& blinder = {});
};

}  // namespace pinhole::gate
