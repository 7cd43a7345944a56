#include "server/front/contestant_service.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/front/authorize.h"
#include "server/front/page_token.h"
#include "server/front/reason.h"
#include "server/front/rpc_status.h"
#include "server/front/timestamps.h"

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

// "ADMIT REQUEST", as SubmissionCursor has them.
absl::StatusOr<SubmissionCursor> ParseCursor(std::string_view list, std::string_view token) {
  ASSIGN_OR_RETURN(const std::string position, OpenPageToken(list, token));
  const size_t space = position.find(' ');
  if (space == std::string::npos) return BadPageToken();
  const auto admit = ParseIntegerIn(std::string_view(position).substr(0, space), -1, INT64_MAX);
  const auto request = ParseIntegerIn(std::string_view(position).substr(space + 1), 0, INT64_MAX);
  if (!admit.ok() || !request.ok()) return BadPageToken();
  return SubmissionCursor{.admit = *admit, .request = *request};
}

}  // namespace

absl::StatusOr<TeamIdentity> ContestantService::TeamOf(const grpc::ServerContextBase& context,
                                                       std::string_view contest) {
  ASSIGN_OR_RETURN(TeamIdentity team, Authorize(store_, AuthorizationOf(context), contest));
  RETURN_IF_ERROR(keepers_.gate.TakeTeamRequest(team.key.ToHex(), SteadyMs()));
  return team;
}

grpc::ServerUnaryReactor* ContestantService::Join(grpc::CallbackServerContext* context,
                                                  const v1::JoinRequest* request,
                                                  v1::JoinResponse* response) {
  return AnswerUnary(keepers_, context, *request, *response,
                     [&] { return DoJoin(*request, *response); });
}

absl::Status ContestantService::DoJoin(const v1::JoinRequest& request, v1::JoinResponse& response) {
  ASSIGN_OR_RETURN(const JoinReceipt receipt, desk_.Join(request.signed_request()));
  response.set_token(receipt.token);
  SetTime(*response.mutable_exchange_time(), receipt.exchange_ms);
  return absl::OkStatus();
}

grpc::ServerReadReactor<v1::UploadProgramRequest>* ContestantService::UploadProgram(
    grpc::CallbackServerContext* context, v1::UploadProgramResponse* response) {
  return uploads_.Begin(context, response);
}

grpc::ServerUnaryReactor* ContestantService::Submit(grpc::CallbackServerContext* context,
                                                    const v1::SubmitRequest* request,
                                                    v1::SubmitResponse* response) {
  return AnswerUnary(keepers_, context, *request, *response,
                     [&] { return DoSubmit(*context, *request, *response); });
}

absl::Status ContestantService::DoSubmit(const grpc::ServerContextBase& context,
                                         const v1::SubmitRequest& request,
                                         v1::SubmitResponse& response) {
  // The contest is inside the signed text; the desk compares it with the token's.
  ASSIGN_OR_RETURN(const TeamIdentity team, TeamOf(context, ""));
  ASSIGN_OR_RETURN(const SubmissionFacts facts,
                   desk_.Submit(team, request.signed_request(), request.message()));
  SetSubmission(facts, *response.mutable_submission());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ContestantService::Choose(grpc::CallbackServerContext* context,
                                                    const v1::ChooseRequest* request,
                                                    v1::ChooseResponse* response) {
  return AnswerUnary(keepers_, context, *request, *response,
                     [&] { return DoChoose(*context, *request, *response); });
}

absl::Status ContestantService::DoChoose(const grpc::ServerContextBase& context,
                                         const v1::ChooseRequest& request,
                                         v1::ChooseResponse& response) {
  ASSIGN_OR_RETURN(const TeamIdentity team, TeamOf(context, ""));
  ASSIGN_OR_RETURN(const ChoiceReceipt receipt, desk_.Choose(team, request.signed_request()));
  SetTime(*response.mutable_exchange_time(), receipt.exchange_ms);
  response.set_taken(receipt.taken);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ContestantService::GetSubmission(grpc::CallbackServerContext* context,
                                                           const v1::GetSubmissionRequest* request,
                                                           v1::GetSubmissionResponse* response) {
  return AnswerUnary(keepers_, context, *request, *response,
                     [&] { return DoGet(*context, *request, *response); });
}

absl::Status ContestantService::DoGet(const grpc::ServerContextBase& context,
                                      const v1::GetSubmissionRequest& request,
                                      v1::GetSubmissionResponse& response) {
  ASSIGN_OR_RETURN(const TeamIdentity team, TeamOf(context, request.contest()));
  if (request.contest().empty()) return BadRequest("the request names no contest");
  const auto id = HexDecodeArray<16>(request.request_id());
  if (!id.ok()) return BadRequest("request_id must be 32 lower-case hex digits");
  ASSIGN_OR_RETURN(const SubmissionFacts facts, desk_.GetSubmission(team, *id));
  SetSubmission(facts, *response.mutable_submission());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ContestantService::ListSubmissions(
    grpc::CallbackServerContext* context, const v1::ListSubmissionsRequest* request,
    v1::ListSubmissionsResponse* response) {
  return AnswerUnary(keepers_, context, *request, *response,
                     [&] { return DoList(*context, *request, *response); });
}

absl::Status ContestantService::DoList(const grpc::ServerContextBase& context,
                                       const v1::ListSubmissionsRequest& request,
                                       v1::ListSubmissionsResponse& response) {
  ASSIGN_OR_RETURN(const TeamIdentity team, TeamOf(context, request.contest()));
  if (request.contest().empty()) return BadRequest("the request names no contest");
  if (request.page_size() < 0) return BadRequest("page_size is negative");
  const int64_t page_size = request.page_size() == 0
                                ? kMaxSubmissions
                                : std::min<int64_t>(request.page_size(), kMaxSubmissions);
  const std::string list = absl::StrFormat("ListSubmissions %s %s", team.contest, team.key.ToHex());
  SubmissionCursor after;
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(after, ParseCursor(list, request.page_token()));
  }
  ASSIGN_OR_RETURN(const SubmissionPage page, desk_.ListSubmissions(team, after, page_size));
  for (const SubmissionFacts& facts : page.submissions) {
    SetSubmission(facts, *response.add_submissions());
  }
  if (page.next.has_value()) {
    response.set_next_page_token(
        MakePageToken(list, absl::StrFormat("%d %d", page.next->admit, page.next->request)));
  }
  return absl::OkStatus();
}

}  // namespace pinhole::front
