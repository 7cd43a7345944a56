// The sum behind a contest's budget, written out so that a person can add it up elsewhere.
#pragma once

#include <string>

#include "server/core/replay/ledger_state.h"

namespace pinhole::cli {

// The formula with this policy's numbers, its value, the sum to the contest's bits, and one line of
// Python that computes N of a team without any of this code.
std::string BudgetExplained(const replay::Contest& contest);

// The Python alone: prints N in hex, as POLICY states it.
std::string BudgetPython(const contest::Policy& policy);

}  // namespace pinhole::cli
