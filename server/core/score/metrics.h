// Sums of errors in exact integers, of the public and the final rows at once.
//
// Integer addition has no order: any order of rows gives the same sums. Predictions are clipped to
// the range first and labels must lie in it, so |error| <= range_high - range_low, and Check (in
// sheet.h) has made sure that the weighted sum of its squares over all rows fits 128 bits.
#pragma once

#include <cstdint>
#include <span>

#include "server/core/contest/scoring.h"
#include "server/core/score/raw_score.h"
#include "server/core/score/wide.h"

namespace pinhole::score {

class SplitSums {
 public:
  // Uses metric, weights and range of `scoring`.
  explicit SplitSums(const contest::Scoring& scoring);

  // Adds one row for each prediction (millionths, within kFixedPointLimit). `records` are their
  // rows of the sheet, kSheetRecordSize bytes each. False when a record has a label out of range or
  // a set that there is not; the sums are worth nothing then.
  bool Add(std::span<const int64_t> predictions, std::span<const uint8_t> records);

  uint64_t rows() const { return rows_; }
  uint64_t public_rows() const { return public_rows_; }
  uint64_t label_sum() const { return label_sum_; }
  // In thousandths; 0 when weights are equal.
  uint64_t weight() const { return weight_; }
  uint64_t public_weight() const { return public_weight_; }

  SplitScores Scores() const;

 private:
  template <contest::RowWeights weights>
  bool AddWeighted(std::span<const int64_t> predictions, const uint8_t* records);
  template <contest::Metric metric, contest::RowWeights weights>
  bool AddRows(std::span<const int64_t> predictions, const uint8_t* records);
  // Sums in Sum, which must hold the terms of all these rows.
  template <contest::Metric metric, contest::RowWeights weights, typename Sum>
  bool AddPortion(std::span<const int64_t> predictions, const uint8_t* records);

  const contest::Metric metric_;
  const contest::RowWeights weights_;
  const int64_t range_low_;
  const int64_t range_high_;
  Wide sum_ = 0;         // over all rows
  Wide public_sum_ = 0;  // over the public rows
  uint64_t rows_ = 0;
  uint64_t public_rows_ = 0;
  uint64_t label_sum_ = 0;
  uint64_t weight_ = 0;
  uint64_t public_weight_ = 0;
};

}  // namespace pinhole::score
