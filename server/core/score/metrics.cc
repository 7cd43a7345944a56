#include "server/core/score/metrics.h"

#include <algorithm>
#include <cstring>

#include "server/core/score/sheet.h"
#include "server/core/score/wide.h"

namespace pinhole::score {

using contest::Metric;
using contest::RowWeights;

namespace {

template <Metric metric, typename Sum>
inline Sum Term(int64_t prediction, int64_t label) {
  if constexpr (metric == Metric::kMismatches) return prediction == label ? 0 : 1;
  if constexpr (contest::CountsMatches(metric)) return prediction == label ? 1 : 0;
  const int64_t error = prediction - label;
  const uint64_t magnitude = static_cast<uint64_t>(error < 0 ? -error : error);
  if constexpr (metric == Metric::kMae) return magnitude;
  return static_cast<Sum>(magnitude) * magnitude;
}

// By value: std::clamp takes references, which keeps its arguments in memory.
inline int64_t Clip(int64_t value, int64_t low, int64_t high) {
  value = value < low ? low : value;
  return value > high ? high : value;
}

}  // namespace

SplitSums::SplitSums(const contest::Scoring& scoring)
    : metric_(scoring.metric),
      weights_(scoring.weights),
      range_low_(scoring.range_low),
      range_high_(scoring.range_high) {}

bool SplitSums::Add(std::span<const int64_t> predictions, std::span<const uint8_t> records) {
  if (records.size() != predictions.size() * kSheetRecordSize) return false;
  return weights_ == RowWeights::kEqual
             ? AddWeighted<RowWeights::kEqual>(predictions, records.data())
             : AddWeighted<RowWeights::kColumn>(predictions, records.data());
}

template <RowWeights weights>
bool SplitSums::AddWeighted(std::span<const int64_t> predictions, const uint8_t* records) {
  switch (metric_) {
    case Metric::kRmse:
    case Metric::kMse:
      return AddRows<Metric::kRmse, weights>(predictions, records);
    case Metric::kMae:
      return AddRows<Metric::kMae, weights>(predictions, records);
    case Metric::kMatches:
    case Metric::kAccuracy:
      return AddRows<Metric::kMatches, weights>(predictions, records);
    case Metric::kMismatches:
      return AddRows<Metric::kMismatches, weights>(predictions, records);
  }
  return false;
}

template <Metric metric, RowWeights weights>
bool SplitSums::AddRows(std::span<const int64_t> predictions, const uint8_t* records) {
  // While the widest error of this range cannot carry a portion's sum beyond 64 bits, the portion
  // is summed in 64: the same integers, in half the work.
  constexpr size_t kPortion = 4096;
  const auto width = static_cast<Wide>(range_high_ - range_low_);
  constexpr Wide kWeight = weights == RowWeights::kColumn ? ~uint32_t{0} : 1;
  const Wide most = metric == Metric::kRmse ? width * width : width + 1;
  const bool narrow = most <= ~uint64_t{0} / (kWeight * kPortion);
  bool good = true;
  while (!predictions.empty()) {
    const auto portion = predictions.first(std::min(predictions.size(), kPortion));
    good &= narrow ? AddPortion<metric, weights, uint64_t>(portion, records)
                   : AddPortion<metric, weights, Wide>(portion, records);
    predictions = predictions.subspan(portion.size());
    records += portion.size() * kSheetRecordSize;
  }
  return good;
}

template <Metric metric, RowWeights weights, typename Sum>
bool SplitSums::AddPortion(std::span<const int64_t> predictions, const uint8_t* records) {
  // Locals, so that they stay in registers; the set chooses by a mask, since it is as good as
  // random and a branch on it would be mispredicted every other row.
  Sum sum = 0;
  Sum final_sum = 0;
  uint64_t final_rows = 0;
  uint64_t label_sum = 0;
  uint64_t weight_sum = 0;
  uint64_t final_weight = 0;
  const int64_t low = range_low_;
  const int64_t high = range_high_;
  uint64_t sets = 0;    // all of them, or-ed: above 1 when one is
  int64_t outside = 0;  // not 0 when a label is out of range
  for (const int64_t prediction : predictions) {
    int64_t found;
    std::memcpy(&found, records, sizeof(found));
    const uint64_t set = records[sizeof(found)];
    uint32_t weight = kOneRow;
    if constexpr (weights == RowWeights::kColumn) std::memcpy(&weight, records + 9, sizeof(weight));
    records += kSheetRecordSize;
    // A label out of range is made harmless: the differences below must not overflow.
    const int64_t label = Clip(found, low, high);
    outside |= found ^ label;
    sets |= set;
    Sum term = Term<metric, Sum>(Clip(prediction, low, high), label);
    const uint64_t is_final = set & 1U;
    if constexpr (weights == RowWeights::kColumn) {
      term *= weight;
      weight_sum += weight;
      final_weight += weight & (uint64_t{0} - is_final);
    }
    sum += term;
    final_sum += term & (Sum{0} - is_final);
    final_rows += is_final;
    label_sum += static_cast<uint64_t>(label);
  }
  sum_ += sum;
  public_sum_ += sum - final_sum;
  rows_ += predictions.size();
  public_rows_ += predictions.size() - final_rows;
  label_sum_ += label_sum;
  weight_ += weight_sum;
  public_weight_ += weight_sum - final_weight;
  return sets <= 1 && outside == 0;
}

SplitScores SplitSums::Scores() const {
  const Wide final_sum = sum_ - public_sum_;
  if (weights_ == RowWeights::kEqual) {
    return {RawScore(metric_, public_sum_, public_rows_, 1),
            RawScore(metric_, final_sum, rows_ - public_rows_, 1)};
  }
  return {RawScore(metric_, public_sum_, public_weight_, kOneRow),
          RawScore(metric_, final_sum, weight_ - public_weight_, kOneRow)};
}

}  // namespace pinhole::score
