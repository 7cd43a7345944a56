#include "server/front/hand_over.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/entry_text.h"

namespace pinhole::front {

using pipe::ToFrontType;

absl::Status HandOver::Add(const pipe::ToFrontFrame& frame) {
  if (stage_ == Stage::kWitnesses && frame.type == ToFrontType::kPending) {
    ASSIGN_OR_RETURN(pipe::PendingHashes pending, pipe::DecodePendingHashes(frame.payload));
    return AddPending(std::move(pending));
  }
  if (stage_ == Stage::kWitnesses && frame.type == ToFrontType::kHead && !pending_.hashes.empty()) {
    waiting_ = std::exchange(pending_, {});
    waiting_->note = frame.payload;
    return absl::OkStatus();
  }
  const bool begins = frame.type == ToFrontType::kEntry || frame.type == ToFrontType::kCheckpoint;
  if (stage_ == Stage::kWitnesses && begins && pending_.hashes.empty()) stage_ = Stage::kEntries;
  if (stage_ == Stage::kEntries && frame.type == ToFrontType::kEntry) {
    ASSIGN_OR_RETURN(const pipe::EntryPiece piece, pipe::DecodeEntryPiece(frame.payload));
    return AddPiece(piece);
  }
  if (stage_ == Stage::kEntries && frame.type == ToFrontType::kCheckpoint) {
    if (!partial_.empty()) return absl::InvalidArgumentError("the last entry is not whole");
    checkpoint_ = frame.payload;
    stage_ = Stage::kHead;
    return absl::OkStatus();
  }
  if (stage_ == Stage::kHead && frame.type == ToFrontType::kCheckpoint &&
      checkpoint_.size() < kMostCheckpointBytes) {
    checkpoint_ += frame.payload;
    return absl::OkStatus();
  }
  if (stage_ == Stage::kHead && frame.type == ToFrontType::kDone) {
    stage_ = Stage::kDone;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("a frame of type %d came out of its turn", static_cast<int>(frame.type)));
}

absl::Status HandOver::AddPending(pipe::PendingHashes pending) {
  if (pending_.hashes.empty()) pending_.first = pending.first;
  const int64_t next = pending_.first + static_cast<int64_t>(pending_.hashes.size());
  if (pending.first != next) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the hash of entry %d came where that of entry %d was to be", pending.first, next));
  }
  pending_.hashes.insert(pending_.hashes.end(), pending.hashes.begin(), pending.hashes.end());
  return absl::OkStatus();
}

absl::Status HandOver::AddPiece(const pipe::EntryPiece& piece) {
  const int64_t index = first_ + static_cast<int64_t>(entries_.size());
  if (piece.index != index || piece.offset != partial_.size() ||
      (!partial_.empty() && piece.total != partial_total_) || piece.total > log::kLongEntryBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a piece of entry %d at byte %d came where entry %d continues at byte %d",
                        piece.index, piece.offset, index, partial_.size()));
  }
  partial_total_ = piece.total;
  partial_ += piece.bytes;
  if (partial_.size() == partial_total_) {
    entries_.push_back(std::move(partial_));
    partial_.clear();
  }
  return absl::OkStatus();
}

}  // namespace pinhole::front
