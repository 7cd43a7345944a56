#include "server/front/unary_reactor.h"

#include <atomic>
#include <chrono>
#include <optional>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/caller.h"
#include "server/front/reason.h"
#include "server/front/rpc_status.h"

namespace pinhole::front {
namespace {

// Held by the timer until gRPC is done with it.
class UnaryReactor final : public grpc::ServerUnaryReactor, public TimedCall {
 public:
  UnaryReactor(const CallKeepers& keepers, grpc::CallbackServerContext* context)
      : keepers_(keepers),
        context_(context),
        handle_(*context),
        due_ms_(SteadyMs() + 1000 * keepers.gate.limits().call_seconds) {}

  absl::Status Work(const google::protobuf::MessageLite& request,
                    google::protobuf::MessageLite& response,
                    const std::function<absl::Status()>& work, CallKind kind) {
    absl::StatusOr<CallGate::Lease> lease =
        keepers_.gate.Enter(CallerAddress(context_->peer()), kind, SteadyMs());
    RETURN_IF_ERROR(lease.status());
    lease_.emplace(*std::move(lease));
    RETURN_IF_ERROR(CheckDeadline(*context_));
    RETURN_IF_ERROR(CheckMessageSize(keepers_.gate.limits(), request));
    RETURN_IF_ERROR(work());
    return lease_->HoldAnswer(static_cast<int64_t>(response.ByteSizeLong()));
  }

  void End(const absl::Status& status) { Finish(ToGrpc(status, context_, keepers_.log)); }

  void OnDone() override {
    lease_.reset();
    keepers_.timer.Remove(this);  // may be the end of this
  }

  void Tick(int64_t now_ms) override {
    if (now_ms < due_ms_ || broken_off_.exchange(true)) return;
    const absl::Status unread = Refuse(Reason::kDeadline, absl::StatusCode::kDeadlineExceeded,
                                       "the answer was not read in time: call again, and read");
    keepers_.log.CountCall(unread);
    handle_.BreakOff(unread);
  }

 private:
  const CallKeepers keepers_;
  grpc::CallbackServerContext* const context_;
  CallHandle handle_;
  const int64_t due_ms_;
  std::atomic<bool> broken_off_ = false;
  std::optional<CallGate::Lease> lease_;
};

}  // namespace

absl::Status CheckMessageSize(const Limits& limits, const google::protobuf::MessageLite& message) {
  const auto bytes = static_cast<int64_t>(message.ByteSizeLong());
  if (bytes <= limits.message_bytes) return absl::OkStatus();
  return Refuse(Reason::kTooLarge, absl::StatusCode::kResourceExhausted,
                absl::StrFormat("the message has %d bytes; this server takes %d: send less, or an "
                                "upload in smaller chunks",
                                bytes, limits.message_bytes));
}

absl::Status CheckDeadline(const grpc::CallbackServerContext& context) {
  if (!context.IsCancelled() && context.deadline() > std::chrono::system_clock::now()) {
    return absl::OkStatus();
  }
  return Refuse(Reason::kDeadline, absl::StatusCode::kDeadlineExceeded,
                "the caller's deadline was over before the work began: nothing was done");
}

grpc::ServerUnaryReactor* AnswerUnary(const CallKeepers& keepers,
                                      grpc::CallbackServerContext* context,
                                      const google::protobuf::MessageLite& request,
                                      google::protobuf::MessageLite& response,
                                      const std::function<absl::Status()>& work, CallKind kind) {
  auto reactor = std::make_shared<UnaryReactor>(keepers, context);
  keepers.timer.Add(reactor);
  reactor->End(reactor->Work(request, response, work, kind));
  return reactor.get();
}

}  // namespace pinhole::front
