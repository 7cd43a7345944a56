#include "server/front/contestant_service.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/front/authorize.h"
#include "server/front/reason.h"
#include "server/front/rpc_status.h"
#include "server/front/timestamps.h"
#include "server/front/upload_reactor.h"

namespace pinhole::front {
namespace {

constexpr int64_t kMaxSubmissions = 100;

absl::Status BadRequest(std::string_view text) {
  return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument, text);
}

v1::Submission::State StateOf(SubmissionFacts::State state) {
  switch (state) {
    case SubmissionFacts::State::kReceived:
      return v1::Submission::STATE_RECEIVED;
    case SubmissionFacts::State::kScheduled:
      return v1::Submission::STATE_SCHEDULED;
    case SubmissionFacts::State::kReleased:
      return v1::Submission::STATE_RELEASED;
    case SubmissionFacts::State::kRefused:
      return v1::Submission::STATE_REFUSED;
  }
  return v1::Submission::STATE_UNSPECIFIED;
}

void SetSubmission(const SubmissionFacts& facts, v1::Submission& out) {
  out.set_request_id(HexEncode(facts.request_id));
  out.set_state(StateOf(facts.state));
  if (facts.program != Digest{}) out.set_program_sha256(std::string(AsText(facts.program)));
  out.set_admit_index(facts.admit_index);
  out.set_result_index(facts.result_index);
  out.set_result_round(facts.result_round);
  if (facts.result_round > 0) SetTime(*out.mutable_result_time(), facts.result_ms);
  out.set_symbol(facts.symbol);
  out.set_refusal(facts.refusal);
  out.set_message(facts.message);
}

grpc::ServerUnaryReactor* Reply(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status, context));
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* ContestantService::Join(grpc::CallbackServerContext* context,
                                                  const v1::JoinRequest* request,
                                                  v1::JoinResponse* response) {
  return Reply(context, DoJoin(*request, *response));
}

absl::Status ContestantService::DoJoin(const v1::JoinRequest& request, v1::JoinResponse& response) {
  ASSIGN_OR_RETURN(const JoinReceipt receipt, desk_.Join(request.signed_request()));
  response.set_token(receipt.token);
  SetTime(*response.mutable_exchange_time(), receipt.exchange_ms);
  return absl::OkStatus();
}

grpc::ServerReadReactor<v1::UploadProgramRequest>* ContestantService::UploadProgram(
    grpc::CallbackServerContext* context, v1::UploadProgramResponse* response) {
  return new UploadReactor(context, response, store_, desk_, slots_);
}

grpc::ServerUnaryReactor* ContestantService::Submit(grpc::CallbackServerContext* context,
                                                    const v1::SubmitRequest* request,
                                                    v1::SubmitResponse* response) {
  return Reply(context, DoSubmit(*context, *request, *response));
}

absl::Status ContestantService::DoSubmit(const grpc::ServerContextBase& context,
                                         const v1::SubmitRequest& request,
                                         v1::SubmitResponse& response) {
  // The contest is inside the signed text; the desk compares it with the token's.
  ASSIGN_OR_RETURN(const TeamIdentity team, Authorize(store_, AuthorizationOf(context), ""));
  ASSIGN_OR_RETURN(const SubmissionFacts facts,
                   desk_.Submit(team, request.signed_request(), request.message()));
  SetSubmission(facts, *response.mutable_submission());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ContestantService::GetSubmission(grpc::CallbackServerContext* context,
                                                           const v1::GetSubmissionRequest* request,
                                                           v1::GetSubmissionResponse* response) {
  return Reply(context, DoGet(*context, *request, *response));
}

absl::Status ContestantService::DoGet(const grpc::ServerContextBase& context,
                                      const v1::GetSubmissionRequest& request,
                                      v1::GetSubmissionResponse& response) {
  if (request.contest().empty()) return BadRequest("the request names no contest");
  ASSIGN_OR_RETURN(const TeamIdentity team,
                   Authorize(store_, AuthorizationOf(context), request.contest()));
  const auto id = HexDecodeArray<16>(request.request_id());
  if (!id.ok()) return BadRequest("request_id must be 32 lower-case hex digits");
  ASSIGN_OR_RETURN(const SubmissionFacts facts, desk_.GetSubmission(team, *id));
  SetSubmission(facts, *response.mutable_submission());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ContestantService::ListSubmissions(
    grpc::CallbackServerContext* context, const v1::ListSubmissionsRequest* request,
    v1::ListSubmissionsResponse* response) {
  return Reply(context, DoList(*context, *request, *response));
}

absl::Status ContestantService::DoList(const grpc::ServerContextBase& context,
                                       const v1::ListSubmissionsRequest& request,
                                       v1::ListSubmissionsResponse& response) {
  if (request.contest().empty()) return BadRequest("the request names no contest");
  ASSIGN_OR_RETURN(const TeamIdentity team,
                   Authorize(store_, AuthorizationOf(context), request.contest()));
  if (request.page_size() < 0) return BadRequest("page_size is negative");
  const int64_t page_size = request.page_size() == 0
                                ? kMaxSubmissions
                                : std::min<int64_t>(request.page_size(), kMaxSubmissions);
  // The token is how many came before: submissions are only ever added at the end.
  int64_t first = 0;
  if (!request.page_token().empty()) {
    const auto parsed = ParseIntegerIn(request.page_token(), 0, INT32_MAX);
    if (!parsed.ok()) return BadRequest("page_token is none that this server gave");
    first = *parsed;
  }
  ASSIGN_OR_RETURN(const std::vector<SubmissionFacts> all, desk_.ListSubmissions(team));
  const auto count = static_cast<int64_t>(all.size());
  const int64_t end = std::min(count, first + page_size);
  for (int64_t i = first; i < end; ++i) {
    SetSubmission(all[static_cast<size_t>(i)], *response.add_submissions());
  }
  if (end < count) response.set_next_page_token(absl::StrFormat("%d", end));
  return absl::OkStatus();
}

}  // namespace pinhole::front
