// The one door by which an exact score may be read: for mock data and for tests.
//
// Linking this module is the permission. The vault does not (deploy/layers.txt), so no private
// score can reach this code; a reviewer sees a new use in an #include and in a build file.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"
#include "server/core/score/level.h"
#include "server/core/score/raw_score.h"

namespace pinhole::rehearsal {

struct ExactScores {
  // In the metric's unit (server/core/contest/scoring.h says which).
  // 0 for a set of no rows.
  double public_score = 0;
  double final_score = 0;
  int64_t public_rows = 0;
  int64_t final_rows = 0;
  score::RunLevels levels;
};

// The friend of RawScore; use RevealForRehearsal.
class Reveal {
 public:
  static double Value(const score::RawScore& score);
};

// Scores `predictions` (a run's whole output) by `sheet` (score::EncodeSheet) as the scorer does.
//
// Errors: INVALID_ARGUMENT that says which line or row is wrong, why, and what to do; for the sheet
// FAILED_PRECONDITION. Texts repeat predictions (cut and escaped), never labels.
absl::StatusOr<ExactScores> RevealForRehearsal(ByteView predictions, ByteView sheet);

}  // namespace pinhole::rehearsal
