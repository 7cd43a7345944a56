// One upload: a read reactor that writes and hashes a program as it comes.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>

#include "absl/synchronization/mutex.h"

#include "pinhole/v1/contestant_service.pb.h"
#include "server/front/desk.h"
#include "server/front/upload_slots.h"

namespace pinhole::front {

// An upload that takes longer is broken off, so that a byte a minute holds no place for ever.
inline constexpr absl::Duration kUploadPatience = absl::Minutes(10);

// Deletes itself when gRPC is done with it. Store, desk and slots outlive it.
class UploadReactor final : public grpc::ServerReadReactor<v1::UploadProgramRequest> {
 public:
  UploadReactor(grpc::CallbackServerContext* context, v1::UploadProgramResponse* response,
                Store& store, Desk& desk, UploadSlots& slots);

  void OnReadDone(bool ok) override;
  void OnCancel() override {}  // OnReadDone(false) follows
  void OnDone() override;

 private:
  absl::Status Take(const v1::UploadProgramRequest& part);
  absl::Status TakeHeader(const v1::ProgramHeader& header);
  absl::Status Complete();
  void End(const absl::Status& status);

  // What the alarm may touch: the call, while it is there.
  struct Call {
    absl::Mutex mutex;
    grpc::CallbackServerContext* context ABSL_GUARDED_BY(mutex);
  };

  grpc::CallbackServerContext* const context_;
  v1::UploadProgramResponse* const response_;
  Store& store_;
  Desk& desk_;
  UploadSlots& slots_;
  v1::UploadProgramRequest part_;
  std::shared_ptr<Call> call_;
  grpc::Alarm patience_;
  std::optional<UploadSlots::Lease> lease_;
  std::optional<TeamIdentity> team_;
  Digest sha256_{};
  std::optional<ProgramFolder::Upload> upload_;
};

}  // namespace pinhole::front
