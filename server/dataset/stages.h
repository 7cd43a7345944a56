// Where the time of an import goes.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace pinhole::dataset {

// Nanoseconds. Their sum is the whole import but for making folders.
struct ImportStages {
  int64_t infer_ns = 0;    // reading sources for column types that are not declared
  int64_t read_ns = 0;     // reading sources and turning fields into typed values
  int64_t order_ns = 0;    // keyed hashes, split, putting aside, sorting, reading back
  int64_t rows_ns = 0;     // inserting into contest.db
  int64_t columns_ns = 0;  // writing flat columns and labels
  int64_t publish_ns = 0;  // making all durable
};

// A clock that only goes forward, in nanoseconds from any start; empty for none.
using MonotonicClock = std::function<int64_t()>;

// Charges each stage with the time since the last charge. Not thread-safe.
class Stopwatch {
 public:
  explicit Stopwatch(MonotonicClock now) : now_(std::move(now)), last_(Now()) {}

  void Charge(int64_t& stage) {
    const int64_t now = Now();
    stage += now - last_;
    last_ = now;
  }

 private:
  int64_t Now() const { return now_ ? now_() : 0; }

  MonotonicClock now_;
  int64_t last_;
};

}  // namespace pinhole::dataset
