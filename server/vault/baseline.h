// `worst = "baseline"`: the worst level is what a prediction without a model gets.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/core/contest/policy.h"
#include "server/vault/import_facts.h"

namespace pinhole::vault {

// Sets policy.scoring.scale.worst to the score, on the public rows, of predicting the training mean
// (rmse, mse, mae) or the most frequent training label (matches, mismatches, accuracy) for each
// row, rounded towards worse to a step, so that the baseline itself is the coarsest level; and
// policy.baseline_thousandths to the bits of saying which step it is, among all that declared
// values allow. Nothing finer than the step is read.
//
// Errors: INVALID_ARGUMENT or FAILED_PRECONDITION that names the settings that leave it no level.
absl::Status SetBaseline(contest::Policy& policy, const ImportFacts& facts,
                         const std::string& label_records, int64_t public_rows);

}  // namespace pinhole::vault
