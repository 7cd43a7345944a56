// A team's own threshold as a level of the contest's scale.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/contest/level_scale.h"

namespace pinhole::cli {

// Nothing for an empty text. Errors: INVALID_ARGUMENT that names the nearest scores there are.
absl::StatusOr<std::optional<int>> ParseShowBelow(const contest::LevelScale& scale,
                                                  std::string_view text);

}  // namespace pinhole::cli
