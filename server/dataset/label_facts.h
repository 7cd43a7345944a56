// What the training labels say together: the facts behind a contest's baselines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/numeric/int128.h"

namespace pinhole::dataset {

// Beyond this many distinct labels they are no longer counted one by one, and no label is the
// majority's: the memory stays bounded, and a "most frequent" of so many would say little.
inline constexpr size_t kDistinctLabelLimit = 65'536;

// Labels are in millionths. Copies; not thread-safe.
class LabelFacts {
 public:
  void See(int64_t label_millionths);

  absl::int128 sum() const { return sum_; }
  int64_t count() const { return count_; }

  // The most frequent label, the smallest of those as frequent. Nothing without labels, and beyond
  // kDistinctLabelLimit distinct ones.
  std::optional<int64_t> Majority() const;

  // The mean rounded to the nearest millionth, ties to even. Nothing without labels.
  std::optional<int64_t> Mean() const;

 private:
  absl::int128 sum_ = 0;
  int64_t count_ = 0;
  absl::flat_hash_map<int64_t, int64_t> frequency_;  // emptied for good beyond the limit
  bool too_many_ = false;
};

}  // namespace pinhole::dataset
