// AuditService: what anyone may read, answered from the mirror alone.
#pragma once

#include <grpcpp/grpcpp.h>

#include "pinhole/v1/audit_service.grpc.pb.h"
#include "server/front/board_pages.h"
#include "server/front/mirror.h"
#include "server/front/unary_reactor.h"
#include "server/front/watch.h"
#include "server/system/clock.h"

namespace pinhole::front {

// Thread-safe. Mirror, hub, keepers and clock outlive it.
class AuditService final : public v1::AuditService::CallbackService {
 public:
  AuditService(const Mirror& mirror, WatchHub& watches, const CallKeepers& keepers,
               const WallClock& clock)
      : mirror_(mirror), watches_(watches), keepers_(keepers), clock_(clock) {}

  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const v1::GetServerInfoRequest* request,
                                          v1::GetServerInfoResponse* response) override;
  grpc::ServerUnaryReactor* ListContests(grpc::CallbackServerContext* context,
                                         const v1::ListContestsRequest* request,
                                         v1::ListContestsResponse* response) override;
  grpc::ServerUnaryReactor* GetContest(grpc::CallbackServerContext* context,
                                       const v1::GetContestRequest* request,
                                       v1::GetContestResponse* response) override;
  grpc::ServerUnaryReactor* GetBoard(grpc::CallbackServerContext* context,
                                     const v1::GetBoardRequest* request,
                                     v1::GetBoardResponse* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* ListEntries(grpc::CallbackServerContext* context,
                                        const v1::ListEntriesRequest* request,
                                        v1::ListEntriesResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchEntriesResponse>* WatchEntries(
      grpc::CallbackServerContext* context, const v1::WatchEntriesRequest* request) override;
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* context,
                                              const v1::GetInclusionProofRequest* request,
                                              v1::GetInclusionProofResponse* response) override;
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::GetConsistencyProofResponse* response) override;

 private:
  const Mirror& mirror_;
  WatchHub& watches_;
  const CallKeepers keepers_;
  const WallClock& clock_;
  BoardPages board_pages_;
};

}  // namespace pinhole::front
