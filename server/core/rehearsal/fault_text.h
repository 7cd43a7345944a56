// What is wrong with an output, said to the person who wrote the model.
#pragma once

#include <string>

#include "server/core/base/bytes.h"
#include "server/core/score/scoring.h"

namespace pinhole::rehearsal {

// Needs outcome.fault == kPredictions, found in `predictions`. Lines count from 1, rows from 0.
std::string FaultText(const score::ScoringOutcome& outcome, ByteView predictions);

}  // namespace pinhole::rehearsal
