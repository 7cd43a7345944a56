// What contradicts itself or cannot be: refused with every setting at odds named by its key in the
// contest file.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "server/core/contest/data_shape.h"
#include "server/core/contest/policy.h"

namespace pinhole::contest {

// Errors: INVALID_ARGUMENT that names score.step and the ends it does not fit.
absl::Status Validate(const LevelScale& scale);

// How predictions are scored, apart from any data set. Errors: INVALID_ARGUMENT.
absl::Status Validate(const Scoring& scoring);

// Who must cosign, and that no two ledgers can each have enough of them. Errors: INVALID_ARGUMENT.
absl::Status Validate(const Witnesses& witnesses, const Rounds& rounds);

// A whole policy, apart from any data set. Errors: INVALID_ARGUMENT or FAILED_PRECONDITION.
absl::Status Validate(const Policy& policy);

// What is public of the data set that a contest is about to be opened on.
struct DeclaredData {
  Deployment deployment = Deployment::kOneMachine;
  int64_t public_rows = 0;
  int64_t final_rows = 0;
  RowWeights weights = RowWeights::kEqual;  // kColumn when it has a weight column
};

// Whether `policy`, already valid in itself, fits its data set. Errors: FAILED_PRECONDITION that
// names the setting and what the data set says.
absl::Status ValidateFor(const Policy& policy, const DeclaredData& data);

// kColumn when the shape names a weight column.
RowWeights WeightsOf(const DataShape& shape);

// The fewest bytes an output of `rows` predictions can have.
int64_t ShortestOutput(PredictionFormat format, int64_t rows);

}  // namespace pinhole::contest
