#include "server/core/score/metrics.h"

#include <algorithm>
#include <cstring>

#include "server/core/score/sheet.h"

namespace pinhole::score {
namespace {

__extension__ using Wide = unsigned __int128;

template <contest::Metric metric>
inline Wide Term(int64_t prediction, int64_t label) {
  if constexpr (metric == contest::Metric::kMatches) return prediction == label ? 1 : 0;
  const int64_t error = prediction - label;
  const uint64_t magnitude = static_cast<uint64_t>(error < 0 ? -error : error);
  if constexpr (metric == contest::Metric::kMae) return magnitude;
  return static_cast<Wide>(magnitude) * magnitude;
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
  bool good = true;
  for (const int64_t prediction : predictions) {
    int64_t label;
    std::memcpy(&label, records, sizeof(label));
    const uint8_t set = records[sizeof(label)];
    records += kSheetRecordSize;
    good = good & (set <= 1) & (label >= range_low_) & (label <= range_high_);
    // A label out of range is made harmless: the differences below must not overflow.
    label = std::clamp(label, range_low_, range_high_);
    const Wide term = Term<metric>(std::clamp(prediction, range_low_, range_high_), label);
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
