// gRPC's health protocol, under the same gate as every other call: gRPC's own service has no
// limits.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/front/unary_reactor.h"

namespace pinhole::front {

class HealthWatcher;

// SERVING for "" and for each service until Stop, whether the vault lives or not. Thread-safe.
class HealthService final : public ::grpc::health::v1::Health::CallbackService {
 public:
  // Outlived by the keepers.
  explicit HealthService(const CallKeepers& keepers) : keepers_(keepers) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const ::grpc::health::v1::HealthCheckRequest* request,
                                  ::grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<::grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const ::grpc::health::v1::HealthCheckRequest* request) override;

  // From now on NOT_SERVING; watches are told so and end.
  void Stop();

 private:
  friend class HealthWatcher;
  bool stopped() const;
  void Remove(const HealthWatcher* watcher);

  const CallKeepers keepers_;
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<HealthWatcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
