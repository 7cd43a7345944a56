// Puts together what the vault says in an exchange: heads that wait for witnesses, and what it
// hands over: entries from their pieces, then the signed head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/core/pipe/frames.h"
#include "server/front/waiting_heads.h"

namespace pinhole::front {

// For one exchange, after its kOpen. Not thread-safe.
class HandOver {
 public:
  // `first` is the index that the first entry must have.
  explicit HandOver(int64_t first) : first_(first) {}

  // Errors: INVALID_ARGUMENT for a frame out of its turn, or a piece that does not continue its
  // entry; the connection is of no use then.
  absl::Status Add(const pipe::ToFrontFrame& frame);

  // A head for witnesses that came whole since the last call.
  std::optional<WaitingHead> TakeWaitingHead() { return std::exchange(waiting_, std::nullopt); }

  // True after kDone.
  bool done() const { return stage_ == Stage::kDone; }
  int64_t first() const { return first_; }
  std::vector<std::string> TakeEntries() { return std::move(entries_); }
  std::string TakeCheckpoint() { return std::move(checkpoint_); }

 private:
  // A head with as many cosignatures as there can be is shorter.
  static constexpr size_t kMostCheckpointBytes = 8192;
  // Frames for witnesses come before the first entry.
  enum class Stage { kWitnesses, kEntries, kHead, kDone };
  absl::Status AddPending(pipe::PendingHashes pending);
  absl::Status AddPiece(const pipe::EntryPiece& piece);

  const int64_t first_;
  Stage stage_ = Stage::kWitnesses;
  WaitingHead pending_;  // without its note yet
  std::optional<WaitingHead> waiting_;
  std::vector<std::string> entries_;
  std::string partial_;
  size_t partial_total_ = 0;
  std::string checkpoint_;
};

}  // namespace pinhole::front
