#include "server/front/rpc_status.h"

#include "server/front/reason.h"

namespace pinhole::front {

grpc::Status ToGrpc(absl::Status status, grpc::ServerContextBase* context, FrontLog& log,
                    DiskUse use) {
  if (status.ok()) return grpc::Status::OK;
  status = NameFullDisk(std::move(status));
  const std::optional<std::string> reason = ReasonOf(status);
  if (reason == Name(Reason::kStorageFull)) log.DiskFull(use);
  log.CountCall(status);
  if (!reason.has_value()) {
    return {grpc::StatusCode::INTERNAL,
            "the server failed and its operator finds it in the log: try again later"};
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
