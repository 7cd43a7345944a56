#include "server/front/pipe_connection.h"

#include "server/core/base/status.h"
#include "server/core/pipe/frames.h"

namespace pinhole::front {
namespace {
// Frames made ahead of the socket: enough to fill a write, little enough to keep no program in
// memory.
constexpr size_t kAheadBytes = 16 * pipe::kToVaultBytes;
}  // namespace

PipeConnection::~PipeConnection() {
  if (hand_over_.has_value()) limit_.CutOff(batch_requests_);
}

absl::Status PipeConnection::Receive(std::string_view bytes) {
  in_ += bytes;
  size_t used = 0;
  while (in_.size() - used >= pipe::kToFrontBytes) {
    RETURN_IF_ERROR(ReceiveFrame(std::string_view(in_).substr(used, pipe::kToFrontBytes)));
    used += pipe::kToFrontBytes;
  }
  in_.erase(0, used);
  return absl::OkStatus();
}

absl::Status PipeConnection::ReceiveFrame(std::string_view bytes) {
  ASSIGN_OR_RETURN(const pipe::ToFrontFrame frame, pipe::DecodeToFront(bytes));
  if (!hand_over_.has_value()) {
    if (frame.type == pipe::ToFrontType::kOpen) return BeginExchange();
    return absl::InvalidArgumentError("a frame came before the exchange was opened");
  }
  RETURN_IF_ERROR(hand_over_->Add(frame));
  return hand_over_->done() ? EndExchange() : absl::OkStatus();
}

absl::Status PipeConnection::BeginExchange() {
  const int64_t size = mirror_.size();
  ASSIGN_OR_RETURN(std::vector<OutgoingRequest> requests, desk_.Batch(limit_.get()));
  batch_requests_ = requests.size();
  hand_over_.emplace(size);
  batch_.emplace(size, std::move(requests), desk_.programs());
  return absl::OkStatus();
}

absl::Status PipeConnection::EndExchange() {
  HandOver whole_hand_over = *std::exchange(hand_over_, std::nullopt);
  // When it is not stored, the mirror has not grown: the next exchange asks for the same again.
  RETURN_IF_ERROR(desk_.TakeHandOver(whole_hand_over.first(), whole_hand_over.TakeEntries(),
                                     whole_hand_over.TakeCheckpoint()));
  const bool whole = batch_->ended() && sent_ == out_.size();
  skipped_ = batch_->skipped();
  const std::vector<int64_t> made = batch_->made();
  batch_.reset();
  if (whole) {
    limit_.Whole();
    return desk_.SettleTaken(made);
  }
  limit_.CutOff(batch_requests_);
  return absl::UnavailableError("the exchange ended before the vault took the whole batch");
}

absl::StatusOr<std::string_view> PipeConnection::ToSend() {
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    while (batch_.has_value() && out_.size() < kAheadBytes) {
      ASSIGN_OR_RETURN(const std::optional<std::string> frame, batch_->Next());
      if (!frame.has_value()) break;
      out_ += *frame;
    }
  }
  return std::string_view(out_).substr(sent_);
}

}  // namespace pinhole::front
