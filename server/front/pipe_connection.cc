#include "server/front/pipe_connection.h"

#include "server/core/base/status.h"
#include "server/core/pipe/frames.h"

namespace pinhole::front {
namespace {
// Frames made ahead of the socket: enough to fill a write, little enough to keep no program in
// memory.
constexpr size_t kAheadBytes = 16 * pipe::kToVaultBytes;
// More cosignatures than a head can carry are no witnesses'.
constexpr size_t kMostLines = 64;
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
  if (const auto head = hand_over_->TakeWaitingHead(); head.has_value()) {
    RETURN_IF_ERROR(heads_.Show(*head));
    // The same head may have been shown and cosigned before.
    TakeCosignatures();
  }
  return hand_over_->done() ? EndExchange() : absl::OkStatus();
}

absl::Status PipeConnection::BeginExchange() {
  const int64_t size = mirror_.size();
  ASSIGN_OR_RETURN(std::vector<OutgoingRequest> requests, desk_.Batch(limit_.get()));
  batch_requests_ = requests.size();
  hand_over_.emplace(size);
  batch_.emplace(size, std::move(requests), desk_.programs());
  taken_lines_.clear();
  TakeCosignatures();
  return absl::OkStatus();
}

void PipeConnection::TakeCosignatures() {
  const std::vector<std::string> lines = heads_.Cosignatures();
  if (!hand_over_.has_value()) return;
  for (const std::string& line : lines) {
    if (taken_lines_.size() >= kMostLines) return;
    if (taken_lines_.insert(line).second) lines_.push_back(line);
  }
}

absl::Status PipeConnection::EndExchange() {
  HandOver whole_hand_over = *std::exchange(hand_over_, std::nullopt);
  // When it is not stored, the mirror has not grown: the next exchange asks for the same again.
  RETURN_IF_ERROR(desk_.TakeHandOver(whole_hand_over.first(), whole_hand_over.TakeEntries(),
                                     whole_hand_over.TakeCheckpoint()));
  const bool whole = batch_->ended() && sent_ >= batch_end_;
  skipped_ = batch_->skipped();
  const std::vector<int64_t> made = batch_->made();
  batch_.reset();
  lines_.clear();
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
    sent_ = batch_end_ = 0;
    RETURN_IF_ERROR(MakeFrames());
  }
  return std::string_view(out_).substr(sent_);
}

absl::Status PipeConnection::MakeFrames() {
  while (batch_.has_value() && out_.size() < kAheadBytes) {
    if (!lines_.empty() && !batch_->in_program()) {
      out_ += pipe::EncodeToVault({pipe::ToVaultType::kCosignature, std::move(lines_.front())});
      lines_.pop_front();
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<std::string> frame, batch_->Next());
    if (!frame.has_value()) break;
    out_ += *frame;
    batch_end_ = out_.size();
  }
  return absl::OkStatus();
}

}  // namespace pinhole::front
