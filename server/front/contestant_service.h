// ContestantService: what a team does, by token for reads and uploads, by signature for what
// spends.
#pragma once

#include <grpcpp/grpcpp.h>

#include "pinhole/v1/contestant_service.grpc.pb.h"
#include "server/front/desk.h"
#include "server/front/unary_reactor.h"
#include "server/front/upload_reactor.h"

namespace pinhole::front {

// Thread-safe. All that it is made of outlives it.
class ContestantService final : public v1::ContestantService::CallbackService {
 public:
  ContestantService(Store& store, Desk& desk, UploadHub& uploads, const CallKeepers& keepers)
      : store_(store), desk_(desk), uploads_(uploads), keepers_(keepers) {}

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context,
                                 const v1::JoinRequest* request,
                                 v1::JoinResponse* response) override;
  grpc::ServerReadReactor<v1::UploadProgramRequest>* UploadProgram(
      grpc::CallbackServerContext* context, v1::UploadProgramResponse* response) override;
  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitRequest* request,
                                   v1::SubmitResponse* response) override;
  grpc::ServerUnaryReactor* Choose(grpc::CallbackServerContext* context,
                                   const v1::ChooseRequest* request,
                                   v1::ChooseResponse* response) override;
  grpc::ServerUnaryReactor* GetSubmission(grpc::CallbackServerContext* context,
                                          const v1::GetSubmissionRequest* request,
                                          v1::GetSubmissionResponse* response) override;
  grpc::ServerUnaryReactor* ListSubmissions(grpc::CallbackServerContext* context,
                                            const v1::ListSubmissionsRequest* request,
                                            v1::ListSubmissionsResponse* response) override;

 private:
  // Whose token the call carries, counted as one of the team's calls. `contest` as Authorize says.
  absl::StatusOr<TeamIdentity> TeamOf(const grpc::ServerContextBase& context,
                                      std::string_view contest);
  absl::Status DoChoose(const grpc::ServerContextBase& context, const v1::ChooseRequest& request,
                        v1::ChooseResponse& response);
  absl::Status DoJoin(const v1::JoinRequest& request, v1::JoinResponse& response);
  absl::Status DoSubmit(const grpc::ServerContextBase& context, const v1::SubmitRequest& request,
                        v1::SubmitResponse& response);
  absl::Status DoGet(const grpc::ServerContextBase& context,
                     const v1::GetSubmissionRequest& request, v1::GetSubmissionResponse& response);
  absl::Status DoList(const grpc::ServerContextBase& context,
                      const v1::ListSubmissionsRequest& request,
                      v1::ListSubmissionsResponse& response);

  Store& store_;
  Desk& desk_;
  UploadHub& uploads_;
  const CallKeepers keepers_;
};

}  // namespace pinhole::front
