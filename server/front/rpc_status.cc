#include "server/front/rpc_status.h"

#include <cstdio>

#include "server/front/reason.h"

namespace pinhole::front {

grpc::Status ToGrpc(const absl::Status& status, grpc::ServerContextBase* context) {
  if (status.ok()) return grpc::Status::OK;
  const std::optional<std::string> reason = ReasonOf(status);
  if (!reason.has_value() && absl::IsResourceExhausted(status)) {
    return {
        grpc::StatusCode::RESOURCE_EXHAUSTED,
        "the server has no room at the moment and kept nothing of this request: try again later"};
  }
  if (!reason.has_value()) {
    std::fprintf(stderr, "pinholed: a request failed: %s\n", status.ToString().c_str());
    return {grpc::StatusCode::INTERNAL,
            "the server failed and its operator finds the cause in its log: try again later"};
  }
  context->AddTrailingMetadata("pinhole-reason", *reason);
  if (const std::optional<std::string> wait = RetryAfterOf(status); wait.has_value()) {
    context->AddTrailingMetadata("pinhole-retry-after", *wait);
  }
  // The canonical codes have the same numbers in both libraries.
  return {static_cast<grpc::StatusCode>(status.raw_code()), std::string(status.message())};
}

std::optional<std::string_view> AuthorizationOf(const grpc::ServerContextBase& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return std::nullopt;
  return std::string_view(found->second.data(), found->second.size());
}

}  // namespace pinhole::front
