// N of a team counted a second time, without the formula: by going through every state.
#pragma once

#include <optional>

#include "server/core/contest/policy.h"
#include "server/core/counting/big_count.h"

namespace pinhole::cli {

// The number of symbol sequences that counting::StateAfter lets through from a team's start to its
// last try. Nothing when that would take more than about ten million steps.
std::optional<counting::BigCount> RecountByStates(const contest::Policy& policy);

}  // namespace pinhole::cli
