// Readers who watch the ledger grow: a write reactor each, no thread each.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pinhole/v1/audit_service.pb.h"
#include "server/front/mirror.h"

namespace pinhole::front {

class Watcher;

// Knows the open watches. Thread-safe.
class WatchHub {
 public:
  static constexpr size_t kMaxWatchers = 1000;
  // The mirror outlives the hub.
  explicit WatchHub(const Mirror& mirror) : mirror_(mirror) {}

  // The reactor of a new watch; gRPC ends it. Never null.
  grpc::ServerWriteReactor<v1::WatchEntriesResponse>* Watch(grpc::CallbackServerContext* context,
                                                            int64_t start);

  // The mirror has grown.
  void Notify();

 private:
  friend class Watcher;
  void Remove(const Watcher* watcher);

  const Mirror& mirror_;
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
