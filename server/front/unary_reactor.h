// One request, one answer: the gate before, a limit of time until the answer is read.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "server/front/call_gate.h"
#include "server/front/call_timer.h"
#include "server/front/front_log.h"

namespace pinhole::front {

// What services need to answer calls. All outlive them.
struct CallKeepers {
  CallGate& gate;
  CallTimer& timer;
  FrontLog& log;
};

// Lets the call through the gate, checks its size and deadline, calls `work` at once on this
// thread, and sends what it returned. `work` fills `response`; its errors carry a Reason or are the
// front's own trouble. The reactor lives until the answer is sent or the call is broken off.
grpc::ServerUnaryReactor* AnswerUnary(const CallKeepers& keepers,
                                      grpc::CallbackServerContext* context,
                                      const google::protobuf::MessageLite& request,
                                      google::protobuf::MessageLite& response,
                                      const std::function<absl::Status()>& work,
                                      CallKind kind = CallKind::kShort);

// The error of a message above the limit; OK else.
absl::Status CheckMessageSize(const Limits& limits, const google::protobuf::MessageLite& message);

// DEADLINE_EXCEEDED when the caller waits no more.
absl::Status CheckDeadline(const grpc::CallbackServerContext& context);

}  // namespace pinhole::front
