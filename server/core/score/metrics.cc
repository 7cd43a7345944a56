#include "server/core/score/metrics.h"

#include <cstring>

#include "server/core/score/sheet.h"
#include "server/core/score/wide.h"

namespace pinhole::score {
namespace {

template <contest::Metric metric>
inline Wide Term(int64_t prediction, int64_t label) {
  if constexpr (metric == contest::Metric::kMatches) return prediction == label ? 1 : 0;
  const int64_t error = prediction - label;
  const uint64_t magnitude = static_cast<uint64_t>(error < 0 ? -error : error);
  if constexpr (metric == contest::Metric::kMae) return magnitude;
  return static_cast<Wide>(magnitude) * magnitude;
}

// By value: std::clamp takes references, which keeps its arguments in memory.
inline int64_t Clip(int64_t value, int64_t low, int64_t high) {
  value = value < low ? low : value;
  return value > high ? high : value;
}

}  // namespace

SplitSums::SplitSums(const contest::Scoring& scoring)
    : metric_(scoring.metric), range_low_(scoring.range_low), range_high_(scoring.range_high) {}

bool SplitSums::Add(std::span<const int64_t> predictions, std::span<const uint8_t> records) {
  if (records.size() != predictions.size() * kSheetRecordSize) return false;
  switch (metric_) {
    case contest::Metric::kRmse:
      return AddRows<contest::Metric::kRmse>(predictions, records.data());
    case contest::Metric::kMae:
      return AddRows<contest::Metric::kMae>(predictions, records.data());
    case contest::Metric::kMatches:
      return AddRows<contest::Metric::kMatches>(predictions, records.data());
  }
  return false;
}

template <contest::Metric metric>
bool SplitSums::AddRows(std::span<const int64_t> predictions, const uint8_t* records) {
  // Locals, so that they stay in registers; the set chooses by a mask, since it is as good as
  // random and a branch on it would be mispredicted every other row.
  Wide sum = 0;
  Wide public_sum = 0;
  uint64_t public_rows = 0;
  uint64_t label_sum = 0;
  const int64_t low = range_low_;
  const int64_t high = range_high_;
  bool good = true;
  for (const int64_t prediction : predictions) {
    int64_t label;
    std::memcpy(&label, records, sizeof(label));
    const uint8_t set = records[sizeof(label)];
    records += kSheetRecordSize;
    good = good & (set <= 1) & (label >= low) & (label <= high);
    // A label out of range is made harmless: the differences below must not overflow.
    label = Clip(label, low, high);
    const Wide term = Term<metric>(Clip(prediction, low, high), label);
    const uint64_t is_public = 1 - uint64_t{set & 1U};
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
  return good;
}

SplitScores SplitSums::Scores() const {
  return {RawScore(metric_, public_sum_, public_rows_),
          RawScore(metric_, sum_ - public_sum_, rows_ - public_rows_)};
}

}  // namespace pinhole::score
