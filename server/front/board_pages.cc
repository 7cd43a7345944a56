#include "server/front/board_pages.h"

namespace pinhole::front {

BoardPages::Rows BoardPages::Find(std::string_view contest, int64_t ledger_size) const {
  absl::MutexLock lock(&mutex_);
  for (const Kept& kept : kept_) {
    if (kept.contest == contest && kept.ledger_size == ledger_size) return kept.rows;
  }
  return nullptr;
}

void BoardPages::Keep(std::string_view contest, int64_t ledger_size, Rows rows) {
  absl::MutexLock lock(&mutex_);
  for (const Kept& kept : kept_) {
    if (kept.contest == contest && kept.ledger_size == ledger_size) return;
  }
  kept_.push_back({std::string(contest), ledger_size, std::move(rows)});
  if (kept_.size() > kKept) kept_.pop_front();
}

}  // namespace pinhole::front
