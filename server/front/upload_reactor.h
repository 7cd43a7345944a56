// One upload: a read reactor that writes and hashes a program as it comes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pinhole/v1/contestant_service.pb.h"
#include "server/front/desk.h"
#include "server/front/unary_reactor.h"
#include "server/front/upload_quota.h"

namespace pinhole::front {

// The uploads under way, so that a stop can end them. Thread-safe.
class UploadReactor;
class UploadHub {
 public:
  // Everything outlives the hub.
  UploadHub(Store& store, Desk& desk, UploadQuota& quota, const CallKeepers& keepers)
      : store_(store), desk_(desk), quota_(quota), keepers_(keepers) {}

  // The reactor of a new upload; gRPC ends it. Never null.
  grpc::ServerReadReactor<v1::UploadProgramRequest>* Begin(grpc::CallbackServerContext* context,
                                                           v1::UploadProgramResponse* response);
  // Ends all uploads with `status`; nothing of them stays.
  void EndAll(const absl::Status& status);

 private:
  friend class UploadReactor;
  void Remove(const UploadReactor* upload);

  Store& store_;
  Desk& desk_;
  UploadQuota& quota_;
  const CallKeepers keepers_;
  absl::Mutex mutex_;
  std::set<std::shared_ptr<UploadReactor>> uploads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
