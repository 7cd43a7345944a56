// The one place where a bearer token becomes a team.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/front/store.h"

namespace pinhole::front {

// `authorization` is the metadata of that name, "Bearer " and 64 hex digits, if there was one.
// `contest` is the one the request names; empty when a signature inside names it and is checked
// later. Errors, all with BAD_TOKEN: UNAUTHENTICATED without a token that this server gave;
// PERMISSION_DENIED for a token of another contest, whether or not that contest exists.
absl::StatusOr<TeamIdentity> Authorize(Store& store,
                                       const std::optional<std::string_view>& authorization,
                                       std::string_view contest);

}  // namespace pinhole::front
