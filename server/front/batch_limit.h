// How many requests the next batch may hold, learned from how far the last ones came.
#pragma once

#include <algorithm>
#include <cstddef>

namespace pinhole::front {

// An exchange window is short. A vault that could not take a batch whole ends the connection and
// hands nothing over; the same batch again would end the same way for ever. So the next one is half
// as long, down to none at all, which always gets the ledger; after each whole one it doubles.
class BatchLimit {
 public:
  static constexpr size_t kMost = 4096;

  size_t get() const { return limit_; }
  // An exchange went to its end.
  void Whole() { limit_ = std::min(kMost, std::max<size_t>(1, 2 * limit_)); }
  // An exchange with `sent` requests was broken off.
  void CutOff(size_t sent) { limit_ = std::min(limit_, sent) / 2; }

 private:
  size_t limit_ = kMost;
};

}  // namespace pinhole::front
