// Predictions read the slow and plain way, for comparison: the whole output at once, a number as a
// row of decimal digits, no look ahead and no arithmetic on words.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "server/core/contest/scoring.h"
#include "server/core/score/predictions.h"

namespace pinhole::fuzz {

struct Reading {
  std::vector<int64_t> values;
  score::PredictionFault fault = score::PredictionFault::kNone;
  uint64_t row = 0;
  bool operator==(const Reading&) const = default;
};

// Written from MODEL.md's grammar and fixed_point.h's promise, not from the parser.
Reading ReadPlainly(contest::PredictionFormat format, uint64_t rows, std::string_view output);

}  // namespace pinhole::fuzz
