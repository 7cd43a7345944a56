#include "server/front/authorize.h"

#include "server/core/base/status.h"
#include "server/front/reason.h"

namespace pinhole::front {

absl::StatusOr<TeamIdentity> Authorize(Store& store,
                                       const std::optional<std::string_view>& authorization,
                                       std::string_view contest) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!authorization.has_value() || !authorization->starts_with(kScheme)) {
    return Refuse(Reason::kBadToken, absl::StatusCode::kUnauthenticated,
                  "this needs the team's token: `pinhole join` gets one");
  }
  // Found by its hash: the time of the search tells nothing about the token.
  ASSIGN_OR_RETURN(std::optional<TeamIdentity> team,
                   store.FindToken(Sha256(authorization->substr(kScheme.size()))));
  if (!team.has_value()) {
    return Refuse(Reason::kBadToken, absl::StatusCode::kUnauthenticated,
                  "this server did not give this token, or newer ones replaced it: join again with "
                  "the same invitation and key to get a new one");
  }
  if (!contest.empty() && team->contest != contest) {
    return Refuse(Reason::kBadToken, absl::StatusCode::kPermissionDenied,
                  "the token is of another contest: use the one that joining this contest gave");
  }
  return *std::move(team);
}

}  // namespace pinhole::front
