// What an organizer does while a contest runs.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "server/core/replay/ledger_state.h"
#include "server/storage/database.h"
#include "tests/simulation/public_world.h"

namespace pinhole::simulation {

// At times an act, by what is public alone: lowers a limit, acts on a team, or closes early.
absl::Status ProposeAct(const PublicWorld& world, uint64_t seed, storage::Database& database,
                        const replay::LedgerState& state);

}  // namespace pinhole::simulation
