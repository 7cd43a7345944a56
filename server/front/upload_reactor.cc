#include "server/front/upload_reactor.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/core/base/status.h"
#include "server/front/authorize.h"
#include "server/front/reason.h"
#include "server/front/rpc_status.h"

namespace pinhole::front {
namespace {

absl::Status BadRequest(std::string_view text) {
  return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument, text);
}

}  // namespace

UploadReactor::UploadReactor(grpc::CallbackServerContext* context,
                             v1::UploadProgramResponse* response, Store& store, Desk& desk,
                             UploadSlots& slots)
    : context_(context),
      response_(response),
      store_(store),
      desk_(desk),
      slots_(slots),
      call_(std::make_shared<Call>()) {
  {
    absl::MutexLock lock(&call_->mutex);
    call_->context = context;
  }
  patience_.Set(absl::ToChronoTime(absl::Now() + kUploadPatience), [call = call_](bool over) {
    absl::MutexLock lock(&call->mutex);
    if (over && call->context != nullptr) call->context->TryCancel();
  });
  StartRead(&part_);
}

void UploadReactor::OnReadDone(bool ok) {
  if (!ok) {
    End(context_->IsCancelled() ? absl::CancelledError("the upload was broken off") : Complete());
    return;
  }
  if (const absl::Status taken = Take(part_); !taken.ok()) {
    End(taken);
  } else {
    StartRead(&part_);
  }
}

absl::Status UploadReactor::Take(const v1::UploadProgramRequest& part) {
  switch (part.part_case()) {
    case v1::UploadProgramRequest::kHeader:
      if (upload_.has_value()) return BadRequest("a second header: the header comes once, first");
      return TakeHeader(part.header());
    case v1::UploadProgramRequest::kChunk:
      if (!upload_.has_value()) return BadRequest("the first message must be the header");
      return upload_->Write(part.chunk());
    case v1::UploadProgramRequest::PART_NOT_SET:
      break;
  }
  return BadRequest("a message with neither header nor chunk");
}

absl::Status UploadReactor::TakeHeader(const v1::ProgramHeader& header) {
  ASSIGN_OR_RETURN(team_, Authorize(store_, AuthorizationOf(*context_), header.contest()));
  if (header.contest().empty()) return BadRequest("the header names no contest");
  if (header.sha256().size() != sha256_.size()) {
    return BadRequest("the header's sha256 must have 32 bytes");
  }
  std::copy_n(AsBytes(header.sha256()).begin(), sha256_.size(), sha256_.begin());
  if (std::optional<UploadSlots::Lease> lease = slots_.Take(team_->key); lease.has_value()) {
    lease_.emplace(*std::move(lease));
  } else {
    return Refuse(Reason::kBusy, absl::StatusCode::kResourceExhausted,
                  "too many uploads at the moment: wait until one has ended");
  }
  ASSIGN_OR_RETURN(ProgramFolder::Upload upload,
                   desk_.BeginUpload({*team_, sha256_, header.size_bytes()}));
  upload_.emplace(std::move(upload));
  return absl::OkStatus();
}

absl::Status UploadReactor::Complete() {
  if (!upload_.has_value()) return BadRequest("the upload ended before its header");
  RETURN_IF_ERROR(desk_.FinishUpload(*team_, *upload_));
  response_->set_sha256(std::string(AsText(sha256_)));
  return absl::OkStatus();
}

void UploadReactor::End(const absl::Status& status) {
  // Before the answer: a team that has it may begin the next upload at once.
  upload_.reset();
  lease_.reset();
  if (absl::IsCancelled(status)) {
    Finish(grpc::Status::CANCELLED);
  } else {
    Finish(ToGrpc(status, context_));
  }
}

void UploadReactor::OnDone() {
  {
    absl::MutexLock lock(&call_->mutex);
    call_->context = nullptr;
  }
  patience_.Cancel();
  delete this;
}

}  // namespace pinhole::front
