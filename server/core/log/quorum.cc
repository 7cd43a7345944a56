#include "server/core/log/quorum.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::log {

absl::Status CheckQuorum(std::string_view note, const contest::Witnesses& witnesses) {
  if (!witnesses.asked()) return absl::OkStatus();
  const absl::StatusOr<std::vector<Cosignature>> given =
      VerifyCosignatures(note, witnesses.verifiers);
  if (!given.ok()) return absl::UnauthenticatedError(given.status().message());
  if (given->size() >= static_cast<size_t>(witnesses.quorum)) return absl::OkStatus();
  return absl::UnauthenticatedError(
      absl::StrFormat("%d of the %d witnesses that POLICY names cosigned this head, %d are needed",
                      given->size(), witnesses.verifiers.size(), witnesses.quorum));
}

}  // namespace pinhole::log
