#include "server/front/call_timer.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/front/call_gate.h"
#include "server/front/reason.h"

namespace pinhole::front {
namespace {
constexpr absl::Duration kTick = absl::Milliseconds(200);
}  // namespace

CallTimer::CallTimer() : thread_([this] { Run(); }) {}

CallTimer::~CallTimer() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  thread_.join();
}

void CallTimer::Add(std::shared_ptr<TimedCall> call) {
  const TimedCall* const key = call.get();
  absl::MutexLock lock(&mutex_);
  calls_.emplace(key, std::move(call));
}

void CallTimer::Remove(const TimedCall* call) {
  std::shared_ptr<TimedCall> last;  // dies after the lock is released
  absl::MutexLock lock(&mutex_);
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  last = std::move(found->second);
  calls_.erase(found);
}

void CallTimer::Run() {
  while (true) {
    std::vector<std::shared_ptr<TimedCall>> calls;
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopped_), kTick)) return;
      calls.reserve(calls_.size());
      for (const auto& [key, call] : calls_) calls.push_back(call);
    }
    const int64_t now_ms = SteadyMs();
    for (const std::shared_ptr<TimedCall>& call : calls) call->Tick(now_ms);
  }
}

CallHandle::CallHandle(grpc::CallbackServerContext& context) : call_(context.c_call()) {
  grpc_call_ref(call_);
}

CallHandle::~CallHandle() { grpc_call_unref(call_); }

void CallHandle::BreakOff(const absl::Status& status) {
  const std::string text =
      absl::StrFormat("%s [%s]", status.message(), ReasonOf(status).value_or("UNSPECIFIED"));
  grpc_call_cancel_with_status(call_, static_cast<grpc_status_code>(status.raw_code()),
                               text.c_str(), nullptr);
}

}  // namespace pinhole::front
