// Readers who watch the ledger grow: a write reactor each, no thread each.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "pinhole/v1/audit_service.pb.h"
#include "server/front/mirror.h"
#include "server/front/unary_reactor.h"

namespace pinhole::front {

class Watcher;

// Knows the open watches. Thread-safe.
class WatchHub {
 public:
  // One message has at most so many bytes of entries: all that a watcher who does not read costs.
  static constexpr size_t kMessageBytes = size_t{32} << 10;

  // Mirror and keepers outlive the hub.
  WatchHub(const Mirror& mirror, const CallKeepers& keepers) : mirror_(mirror), keepers_(keepers) {}

  // The reactor of a new watch; gRPC ends it. Never null.
  grpc::ServerWriteReactor<v1::WatchEntriesResponse>* Watch(grpc::CallbackServerContext* context,
                                                            int64_t start);

  // The mirror has grown.
  void Notify();

  // Ends all watches with `status`; those who do not read are broken off.
  void EndAll(const absl::Status& status);

 private:
  friend class Watcher;
  std::vector<std::shared_ptr<Watcher>> All() const;
  void Remove(const Watcher* watcher);

  const Mirror& mirror_;
  const CallKeepers keepers_;
  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
