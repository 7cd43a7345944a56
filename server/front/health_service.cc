#include "server/front/health_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/core/base/status.h"
#include "server/front/caller.h"
#include "server/front/reason.h"
#include "server/front/rpc_status.h"

namespace pinhole::front {
namespace {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

constexpr std::string_view kServices[] = {"", "pinhole.v1.AuditService",
                                          "pinhole.v1.ContestantService"};

bool IsKnown(std::string_view service) {
  return std::ranges::find(kServices, service) != std::end(kServices);
}

}  // namespace

// One watch: at most two messages. Held by service and timer until gRPC is done with it.
class HealthWatcher final : public grpc::ServerWriteReactor<HealthCheckResponse>, public TimedCall {
 public:
  HealthWatcher(HealthService& health, grpc::CallbackServerContext* context, bool known)
      : health_(health), context_(context), handle_(*context), known_(known) {}

  void Start() {
    absl::StatusOr<CallGate::Lease> lease =
        health_.keepers_.gate.Enter(CallerAddress(context_->peer()), CallKind::kWatch, SteadyMs());
    if (!lease.ok()) {
      absl::MutexLock lock(&mutex_);
      return End(lease.status());
    }
    lease_.emplace(*std::move(lease));
    Pump();
  }

  // Sends the state unless it was sent; after the last state, ends.
  void Pump() {
    const bool stopped = health_.stopped();
    absl::MutexLock lock(&mutex_);
    if (writing_ || finished_) return;
    const auto state = !known_   ? HealthCheckResponse::SERVICE_UNKNOWN
                       : stopped ? HealthCheckResponse::NOT_SERVING
                                 : HealthCheckResponse::SERVING;
    if (message_.status() == state) {
      if (stopped) {
        End(Refuse(Reason::kStopping, absl::StatusCode::kUnavailable,
                   "the server is stopping: watch again when it is back"));
      }
      return;
    }
    message_.set_status(state);
    writing_ = true;
    due_ms_ = SteadyMs() + 1000 * health_.keepers_.gate.limits().watch_stall_seconds;
    StartWrite(&message_);
  }

  void Tick(int64_t now_ms) override {
    absl::MutexLock lock(&mutex_);
    if (!writing_ || finished_ || now_ms < due_ms_) return;
    const absl::Status slow = Refuse(Reason::kSlowReader, absl::StatusCode::kResourceExhausted,
                                     "what was sent is not read: watch again, and read");
    health_.keepers_.log.CountCall(slow);
    handle_.BreakOff(slow);
    finished_ = true;
    Finish(grpc::Status::CANCELLED);  // the end of the reactor; the client has the other text
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok) return End(absl::CancelledError("the watcher went away"));
    }
    Pump();
  }
  void OnCancel() override {
    absl::MutexLock lock(&mutex_);
    End(absl::CancelledError("the watcher went away"));
  }
  void OnDone() override {
    lease_.reset();
    health_.keepers_.timer.Remove(this);
    health_.Remove(this);  // may be the end of this
  }

 private:
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(finished_, true)) return;
    Finish(absl::IsCancelled(status) ? grpc::Status::CANCELLED
                                     : ToGrpc(status, context_, health_.keepers_.log));
  }

  HealthService& health_;
  grpc::CallbackServerContext* const context_;
  CallHandle handle_;
  const bool known_;
  std::optional<CallGate::Lease> lease_;
  absl::Mutex mutex_;
  HealthCheckResponse message_ ABSL_GUARDED_BY(mutex_);  // UNKNOWN before the first
  int64_t due_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  const auto work = [&]() -> absl::Status {
    if (!IsKnown(request->service())) {
      return Refuse(Reason::kNotFound, absl::StatusCode::kNotFound,
                    "this server has no such service: ask for \"\" to know of all");
    }
    response->set_status(stopped() ? HealthCheckResponse::NOT_SERVING
                                   : HealthCheckResponse::SERVING);
    return absl::OkStatus();
  };
  return AnswerUnary(keepers_, context, *request, *response, work, CallKind::kHealth);
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* context, const HealthCheckRequest* request) {
  auto watcher = std::make_shared<HealthWatcher>(*this, context, IsKnown(request->service()));
  {
    absl::MutexLock lock(&mutex_);
    watchers_.push_back(watcher);
  }
  keepers_.timer.Add(watcher);
  watcher->Start();
  return watcher.get();
}

bool HealthService::stopped() const {
  absl::MutexLock lock(&mutex_);
  return stopped_;
}

void HealthService::Stop() {
  std::vector<std::shared_ptr<HealthWatcher>> watchers;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    watchers = watchers_;
  }
  for (const std::shared_ptr<HealthWatcher>& watcher : watchers) watcher->Pump();
}

void HealthService::Remove(const HealthWatcher* watcher) {
  std::shared_ptr<HealthWatcher> last;  // dies after the lock is released
  absl::MutexLock lock(&mutex_);
  const auto found =
      std::ranges::find_if(watchers_, [&](const auto& other) { return other.get() == watcher; });
  if (found == watchers_.end()) return;
  last = std::move(*found);
  watchers_.erase(found);
}

}  // namespace pinhole::front
