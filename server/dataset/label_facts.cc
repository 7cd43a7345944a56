#include "server/dataset/label_facts.h"

namespace pinhole::dataset {

void LabelFacts::See(int64_t label_millionths) {
  sum_ += label_millionths;
  ++count_;
  if (too_many_) return;
  ++frequency_[label_millionths];
  if (frequency_.size() <= kDistinctLabelLimit) return;
  too_many_ = true;
  frequency_ = {};
}

std::optional<int64_t> LabelFacts::Majority() const {
  std::optional<int64_t> majority;
  int64_t most = 0;
  for (const auto& [label, times] : frequency_) {
    if (times < most || (times == most && label > majority)) continue;
    majority = label;
    most = times;
  }
  return majority;
}

std::optional<int64_t> LabelFacts::Mean() const {
  if (count_ == 0) return std::nullopt;
  const absl::int128 count = count_;
  absl::int128 quotient = sum_ / count;
  absl::int128 rest = sum_ % count;
  if (rest < 0) {  // round from below, so that 0 <= rest < count
    rest += count;
    quotient -= 1;
  }
  const bool up = rest * 2 > count || (rest * 2 == count && quotient % 2 != 0);
  return static_cast<int64_t>(quotient) + (up ? 1 : 0);
}

}  // namespace pinhole::dataset
