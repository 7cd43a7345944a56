// What looks after calls that take time: one thread for all of them.
#pragma once

#include <grpc/grpc.h>
#include <grpcpp/server_context.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/front/timed_call.h"

namespace pinhole::front {

// Thread-safe.
class CallTimer {
 public:
  CallTimer();
  // Ends the thread. No call may be left that counts on it.
  ~CallTimer();
  CallTimer(const CallTimer&) = delete;
  CallTimer& operator=(const CallTimer&) = delete;

  void Add(std::shared_ptr<TimedCall> call);
  void Remove(const TimedCall* call);

 private:
  void Run();

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<const TimedCall*, std::shared_ptr<TimedCall>> calls_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// A call that can be broken off from any thread, also after it ended.
class CallHandle {
 public:
  // While the context's call is under way.
  explicit CallHandle(grpc::CallbackServerContext& context);
  ~CallHandle();
  CallHandle(const CallHandle&) = delete;
  CallHandle& operator=(const CallHandle&) = delete;

  // Ends the call past all that waits to be sent, which a client that does not read would hold up
  // for ever. Metadata cannot be sent any more, so the reason of `status` stands at the end of the
  // text, in brackets.
  void BreakOff(const absl::Status& status);

 private:
  grpc_call* const call_;
};

}  // namespace pinhole::front
