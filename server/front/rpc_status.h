// The border between absl's statuses and gRPC's.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "server/front/front_log.h"

namespace pinhole::front {

// The status for the caller, and its reason as trailing metadata "pinhole-reason", with
// "pinhole-retry-after" (whole seconds) when it has a hint. A full disk gets its reason here; `use`
// says for the log what the call stores. Any other error without a reason is the front's own
// trouble: the caller gets INTERNAL and no detail. The log counts it. Call before the RPC finishes.
grpc::Status ToGrpc(absl::Status status, grpc::ServerContextBase* context, FrontLog& log,
                    DiskUse use = DiskUse::kRequest);

// The caller's "authorization" metadata; valid while `context` is.
std::optional<std::string_view> AuthorizationOf(const grpc::ServerContextBase& context);

}  // namespace pinhole::front
