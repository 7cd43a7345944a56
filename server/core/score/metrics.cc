#include "server/core/score/metrics.h"

#include <cstring>

#include "server/core/score/sheet.h"
#include "server/core/score/wide.h"

namespace pinhole::score {

using contest::Metric;
using contest::RowWeights;

namespace {

template <Metric metric>
inline Wide Term(int64_t prediction, int64_t label) {
  if constexpr (metric == Metric::kMismatches) return prediction == label ? 0 : 1;
  if constexpr (contest::CountsMatches(metric)) return prediction == label ? 1 : 0;
  const int64_t error = prediction - label;
  const uint64_t magnitude = static_cast<uint64_t>(error < 0 ? -error : error);
  if constexpr (metric == Metric::kMae) return magnitude;
  return static_cast<Wide>(magnitude) * magnitude;
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
  // Locals, so that they stay in registers; the set chooses by a mask, since it is as good as
  // random and a branch on it would be mispredicted every other row.
  Wide sum = 0;
  Wide public_sum = 0;
  uint64_t public_rows = 0;
  uint64_t label_sum = 0;
  uint64_t weight_sum = 0;
  uint64_t public_weight = 0;
  const int64_t low = range_low_;
  const int64_t high = range_high_;
  bool good = true;
  for (const int64_t prediction : predictions) {
    int64_t label;
    std::memcpy(&label, records, sizeof(label));
    const uint8_t set = records[sizeof(label)];
    uint32_t weight = kOneRow;
    if constexpr (weights == RowWeights::kColumn) std::memcpy(&weight, records + 9, sizeof(weight));
    records += kSheetRecordSize;
    good = good & (set <= 1) & (label >= low) & (label <= high);
    // A label out of range is made harmless: the differences below must not overflow.
    label = Clip(label, low, high);
    Wide term = Term<metric>(Clip(prediction, low, high), label);
    const uint64_t is_public = 1 - uint64_t{set & 1U};
    if constexpr (weights == RowWeights::kColumn) {
      term *= weight;
      weight_sum += weight;
      public_weight += weight & (uint64_t{0} - is_public);
    }
    sum += term;
    public_sum += term & (Wide{0} - is_public);
    public_rows += is_public;
    label_sum += static_cast<uint64_t>(label);
  }
  sum_ += sum;
  public_sum_ += public_sum;
  rows_ += predictions.size();
  public_rows_ += public_rows;
  label_sum_ += label_sum;
  weight_ += weight_sum;
  public_weight_ += public_weight;
  return good;
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
