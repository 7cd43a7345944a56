#include "server/front/audit_service.h"

#include "server/front/answers.h"
#include "server/front/timestamps.h"

namespace pinhole::front {
namespace {

template <typename Request, typename Response>
grpc::ServerUnaryReactor* Reply(const CallKeepers& keepers, const Mirror& mirror,
                                grpc::CallbackServerContext* context, const Request* request,
                                Response* response) {
  return AnswerUnary(keepers, context, *request, *response, [&] {
    return mirror.Read([&](const MirrorView& view) { return Answer(view, *request, *response); });
  });
}

}  // namespace

grpc::ServerUnaryReactor* AuditService::GetServerInfo(grpc::CallbackServerContext* context,
                                                      const v1::GetServerInfoRequest* request,
                                                      v1::GetServerInfoResponse* response) {
  return AnswerUnary(keepers_, context, *request, *response, [&] {
    response->set_log_vkey(mirror_.log().ToVkey());
    response->set_version(PINHOLE_VERSION);
    SetTime(*response->mutable_server_time(), clock_.NowUnixMs());
    mirror_.Read([&](const MirrorView& view) {
      response->set_ledger_size(view.size());
      response->set_ledger_alarm(view.alarm);
    });
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AuditService::ListContests(grpc::CallbackServerContext* context,
                                                     const v1::ListContestsRequest* request,
                                                     v1::ListContestsResponse* response) {
  return Reply(keepers_, mirror_, context, request, response);
}

grpc::ServerUnaryReactor* AuditService::GetContest(grpc::CallbackServerContext* context,
                                                   const v1::GetContestRequest* request,
                                                   v1::GetContestResponse* response) {
  return Reply(keepers_, mirror_, context, request, response);
}

grpc::ServerUnaryReactor* AuditService::GetBoard(grpc::CallbackServerContext* context,
                                                 const v1::GetBoardRequest* request,
                                                 v1::GetBoardResponse* response) {
  return AnswerUnary(keepers_, context, *request, *response, [&] {
    return mirror_.Read(
        [&](const MirrorView& view) { return Answer(view, board_pages_, *request, *response); });
  });
}

grpc::ServerUnaryReactor* AuditService::GetCheckpoint(grpc::CallbackServerContext* context,
                                                      const v1::GetCheckpointRequest* request,
                                                      v1::GetCheckpointResponse* response) {
  return Reply(keepers_, mirror_, context, request, response);
}

grpc::ServerUnaryReactor* AuditService::ListEntries(grpc::CallbackServerContext* context,
                                                    const v1::ListEntriesRequest* request,
                                                    v1::ListEntriesResponse* response) {
  return Reply(keepers_, mirror_, context, request, response);
}

grpc::ServerWriteReactor<v1::WatchEntriesResponse>* AuditService::WatchEntries(
    grpc::CallbackServerContext* context, const v1::WatchEntriesRequest* request) {
  return watches_.Watch(context, request->start());
}

grpc::ServerUnaryReactor* AuditService::GetInclusionProof(
    grpc::CallbackServerContext* context, const v1::GetInclusionProofRequest* request,
    v1::GetInclusionProofResponse* response) {
  return Reply(keepers_, mirror_, context, request, response);
}

grpc::ServerUnaryReactor* AuditService::GetConsistencyProof(
    grpc::CallbackServerContext* context, const v1::GetConsistencyProofRequest* request,
    v1::GetConsistencyProofResponse* response) {
  return Reply(keepers_, mirror_, context, request, response);
}

}  // namespace pinhole::front
