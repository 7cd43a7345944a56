// A run's stored predictions, scored again: by the operator's commands, never while serving.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "server/core/exact/exact_score.h"
#include "server/core/score/level.h"
#include "server/vault/config.h"
#include "server/vault/evidence_record.h"
#include "server/vault/layout.h"
#include "server/vault/run_store.h"

namespace pinhole::vault {

struct Rescored {
  score::RunLevels levels;
  exact::ExactText public_score;
  exact::ExactText final_score;
};

// What the stored predictions are worth; nothing when they are a failed run's. Their bytes are
// hostile, so whatever root or a network could do is given up before they are read, for good: open
// beforehand what is needed afterwards.
//
// Errors: DATA_LOSS when the predictions are not those whose hash the evidence has; else the errno.
absl::StatusOr<std::optional<Rescored>> ScoreAgain(const Layout& layout, const Config& config,
                                                   const PredictionSlot& slot,
                                                   const RunRecord& run);

}  // namespace pinhole::vault
