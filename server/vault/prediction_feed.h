// One run's predictions as a stream for its scorer, which so can read them and nothing beside them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <thread>

#include "absl/status/statusor.h"
#include "sandbox/unique_fd.h"

namespace pinhole::vault {

// Copies a slot of a file into a pipe, in a thread of its own, until all is read or nobody reads
// any more. Destroy it after every descriptor of the reading end was closed: it waits for that.
class PredictionFeed {
 public:
  // `file` has to stay open meanwhile; its own position does not count and does not move.
  static absl::StatusOr<PredictionFeed> Start(int file, off_t offset, int64_t bytes);

  // The reading end; once.
  sandbox::UniqueFd TakeReader() { return std::move(reader_); }

 private:
  PredictionFeed() = default;

  sandbox::UniqueFd reader_;
  std::jthread thread_;
};

}  // namespace pinhole::vault
