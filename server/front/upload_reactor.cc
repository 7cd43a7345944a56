#include "server/front/upload_reactor.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/authorize.h"
#include "server/front/caller.h"
#include "server/front/reason.h"
#include "server/front/rpc_status.h"

namespace pinhole::front {
namespace {

// After its end was sent, for a client that does not even take that.
constexpr int64_t kLastPatienceMs = 5000;

absl::Status BadRequest(std::string_view text) {
  return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument, text);
}

absl::Status TooSlow() {
  return Refuse(Reason::kDeadline, absl::StatusCode::kDeadlineExceeded,
                "the upload's bytes came too slowly: nothing was kept, upload it again");
}

}  // namespace

// Held by hub and timer until gRPC is done with it.
class UploadReactor final : public grpc::ServerReadReactor<v1::UploadProgramRequest>,
                            public TimedCall {
 public:
  UploadReactor(UploadHub& hub, grpc::CallbackServerContext* context,
                v1::UploadProgramResponse* response)
      : hub_(hub),
        context_(context),
        response_(response),
        handle_(*context),
        begin_ms_(SteadyMs()),
        due_ms_(UploadDueMs(limits(), begin_ms_, 0)) {}

  void Start() {
    absl::MutexLock lock(&mutex_);
    absl::StatusOr<CallGate::Lease> lease =
        hub_.keepers_.gate.Enter(CallerAddress(context_->peer()), CallKind::kUpload, begin_ms_);
    if (!lease.ok()) return EndLocked(lease.status());
    place_.emplace(*std::move(lease));
    StartRead(&part_);
  }

  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
    if (!ok) {
      EndLocked(context_->IsCancelled() ? absl::CancelledError("the upload was broken off")
                                        : Complete());
      return;
    }
    if (const absl::Status taken = Take(); !taken.ok()) {
      EndLocked(taken);
    } else if (stored_already_) {
      EndLocked(absl::OkStatus());
    } else {
      StartRead(&part_);
    }
  }

  void End(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    EndLocked(status);
  }

  void OnCancel() override { End(absl::CancelledError("the upload was broken off")); }

  void OnDone() override {
    hub_.keepers_.timer.Remove(this);
    hub_.Remove(this);  // may be the end of this
  }

  void Tick(int64_t now_ms) override {
    absl::MutexLock lock(&mutex_);
    if (now_ms < due_ms_) return;
    if (!finished_) {
      EndLocked(TooSlow());
      due_ms_ = now_ms + kLastPatienceMs;
    } else if (!std::exchange(broken_off_, true)) {
      handle_.BreakOff(TooSlow());
    }
  }

 private:
  const Limits& limits() const { return hub_.keepers_.gate.limits(); }

  absl::Status Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    RETURN_IF_ERROR(CheckMessageSize(limits(), part_));
    switch (part_.part_case()) {
      case v1::UploadProgramRequest::kHeader:
        if (upload_.has_value()) {
          return BadRequest("a second header: the header comes once, first");
        }
        return TakeHeader(part_.header());
      case v1::UploadProgramRequest::kChunk:
        if (!upload_.has_value()) return BadRequest("the first message must be the header");
        return TakeChunk(part_.chunk());
      case v1::UploadProgramRequest::PART_NOT_SET:
        break;
    }
    return BadRequest("a message with neither header nor chunk");
  }

  absl::Status TakeHeader(const v1::ProgramHeader& header) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ASSIGN_OR_RETURN(team_, Authorize(hub_.store_, AuthorizationOf(*context_), header.contest()));
    RETURN_IF_ERROR(hub_.keepers_.gate.TakeTeamRequest(team_->key.ToHex(), begin_ms_));
    if (header.contest().empty()) return BadRequest("the header names no contest");
    if (header.sha256().size() != sha256_.size()) {
      return BadRequest("the header's sha256 must have 32 bytes");
    }
    std::copy_n(AsBytes(header.sha256()).begin(), sha256_.size(), sha256_.begin());
    const ProgramFolder::Announced announced{*team_, sha256_, header.size_bytes()};
    ASSIGN_OR_RETURN(const UploadNeed need, hub_.desk_.PlanUpload(announced));
    if (need == UploadNeed::kNothing) {
      stored_already_ = true;
      response_->set_sha256(std::string(AsText(sha256_)));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(UploadQuota::Lease room, hub_.quota_.Reserve(*team_, header.size_bytes()));
    room_.emplace(std::move(room));
    ASSIGN_OR_RETURN(ProgramFolder::Upload upload, hub_.desk_.programs().Begin(announced));
    upload_.emplace(std::move(upload));
    return absl::OkStatus();
  }

  absl::Status TakeChunk(std::string_view chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    received_bytes_ += static_cast<int64_t>(chunk.size());
    room_->CountReceived(static_cast<int64_t>(chunk.size()));
    due_ms_ = UploadDueMs(limits(), begin_ms_, received_bytes_);
    return upload_->Write(chunk);
  }

  absl::Status Complete() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!upload_.has_value()) return BadRequest("the upload ended before its header");
    RETURN_IF_ERROR(hub_.desk_.FinishUpload(*team_, *upload_));
    response_->set_sha256(std::string(AsText(sha256_)));
    return absl::OkStatus();
  }

  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(finished_, true)) return;
    // Before the answer: a team that has it may begin the next upload at once.
    upload_.reset();
    room_.reset();
    place_.reset();
    due_ms_ = SteadyMs() + kLastPatienceMs;
    if (absl::IsCancelled(status)) {
      Finish(grpc::Status::CANCELLED);
    } else {
      Finish(ToGrpc(status, context_, hub_.keepers_.log, DiskUse::kProgram));
    }
  }

  UploadHub& hub_;
  grpc::CallbackServerContext* const context_;
  v1::UploadProgramResponse* const response_;
  CallHandle handle_;
  const int64_t begin_ms_;
  absl::Mutex mutex_;
  v1::UploadProgramRequest part_;  // gRPC's between StartRead and OnReadDone
  int64_t due_ms_ ABSL_GUARDED_BY(mutex_);
  int64_t received_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_off_ ABSL_GUARDED_BY(mutex_) = false;
  bool stored_already_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<CallGate::Lease> place_ ABSL_GUARDED_BY(mutex_);
  std::optional<UploadQuota::Lease> room_ ABSL_GUARDED_BY(mutex_);
  std::optional<TeamIdentity> team_ ABSL_GUARDED_BY(mutex_);
  Digest sha256_{};
  std::optional<ProgramFolder::Upload> upload_ ABSL_GUARDED_BY(mutex_);
};

grpc::ServerReadReactor<v1::UploadProgramRequest>* UploadHub::Begin(
    grpc::CallbackServerContext* context, v1::UploadProgramResponse* response) {
  auto upload = std::make_shared<UploadReactor>(*this, context, response);
  {
    absl::MutexLock lock(&mutex_);
    uploads_.insert(upload);
  }
  keepers_.timer.Add(upload);
  upload->Start();
  return upload.get();
}

void UploadHub::EndAll(const absl::Status& status) {
  std::vector<std::shared_ptr<UploadReactor>> uploads;
  {
    absl::MutexLock lock(&mutex_);
    uploads.assign(uploads_.begin(), uploads_.end());
  }
  for (const std::shared_ptr<UploadReactor>& upload : uploads) upload->End(status);
}

void UploadHub::Remove(const UploadReactor* upload) {
  std::shared_ptr<UploadReactor> last;  // dies after the lock is released
  absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(uploads_.begin(), uploads_.end(),
                                  [&](const auto& other) { return other.get() == upload; });
  if (found == uploads_.end()) return;
  last = *found;
  uploads_.erase(found);
}

}  // namespace pinhole::front
