// Whether as many of a POLICY's witnesses cosigned a head as it asks for.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "server/core/contest/policy.h"

namespace pinhole::log {

// OK at once when nobody is asked. The ledger's own signature is not looked at. Errors:
// UNAUTHENTICATED that says how many there are and are needed, or that one of a witness is wrong.
absl::Status CheckQuorum(std::string_view note, const contest::Witnesses& witnesses);

}  // namespace pinhole::log
