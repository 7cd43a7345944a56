// How predictions become an exact number and that number a level. No absl in this header or below
// it: the scorer is made of it, and of nothing else of a contest.
#pragma once

#include <cstdint>

#include "server/core/contest/level_scale.h"

namespace pinhole::contest {

// Sums run over the rows of a set, weighted; e is prediction minus label and W the sum of weights:
//   kRmse        sqrt(sum w e^2 / W)   in the label's unit
//   kMse         sum w e^2 / W         in the label's unit, squared
//   kMae         sum w |e| / W         in the label's unit
//   kMatches     sum w of the rows that are predicted exactly, in rows
//   kMismatches  W minus kMatches, in rows
//   kAccuracy    kMatches / W, from 0 to 1
enum class Metric { kRmse, kMse, kMae, kMatches, kMismatches, kAccuracy };
inline constexpr int kMetricCount = 6;

constexpr bool HigherIsBetter(Metric metric) {
  return metric == Metric::kMatches || metric == Metric::kAccuracy;
}
// True for the metrics that ask only whether a row is predicted exactly.
constexpr bool CountsMatches(Metric metric) {
  return metric == Metric::kMatches || metric == Metric::kMismatches || metric == Metric::kAccuracy;
}

enum class PredictionFormat { kText, kF32, kF64 };

// kEqual counts every row once; kColumn takes each row's weight from the data set's weight column.
enum class RowWeights { kEqual, kColumn };

// Ends of a range, and best and worst, in millionths: a billion units, so that no difference
// overflows.
inline constexpr int64_t kValueLimit = 1'000'000'000'000'000;

// Labels and predictions are integers of 10^-6 of the label's unit; predictions outside [range_low,
// range_high] are clipped to it. `scale` is in millionths of the metric's unit.
struct Scoring {
  Metric metric = Metric::kRmse;
  PredictionFormat format = PredictionFormat::kText;
  RowWeights weights = RowWeights::kEqual;
  int64_t range_low = 0;   // millionths
  int64_t range_high = 0;  // millionths
  LevelScale scale;
  bool operator==(const Scoring&) const = default;
};

}  // namespace pinhole::contest
