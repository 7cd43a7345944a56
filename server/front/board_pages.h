// Boards that somebody reads page by page: the last few, as they were.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/core/replay/board.h"

namespace pinhole::front {

// Thread-safe. Ranks move when entries come, so pages of one walk must be of one board.
class BoardPages {
 public:
  using Rows = std::shared_ptr<const std::vector<replay::BoardRow>>;
  static constexpr size_t kKept = 16;

  // The board of `contest` after `ledger_size` entries, when it is kept; null else.
  Rows Find(std::string_view contest, int64_t ledger_size) const;
  // Keeps it, in place of the one that was kept first.
  void Keep(std::string_view contest, int64_t ledger_size, Rows rows);

 private:
  struct Kept {
    std::string contest;
    int64_t ledger_size = 0;
    Rows rows;
  };
  mutable absl::Mutex mutex_;
  std::deque<Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
