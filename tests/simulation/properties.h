// What must hold of every world: nothing lost, nothing twice, never over budget, audit green.
#pragma once

#include <string>

#include "tests/simulation/front.h"
#include "tests/simulation/world.h"

namespace pinhole::simulation {

// Replays `outcome.entries` from their bytes under `head`, holds them against what `front` was
// handed over and against how the runs went, and counts. "" when all is as it must be.
std::string Check(const PublicWorld& world, const Front& front, std::string_view head,
                  Outcome& outcome);

// "" or the first thing that an outsider saw differently in two worlds.
std::string Difference(const Seen& a, const Seen& b);

// The levels (nothing: failed) with which the gate would have released the same RESULT, for every
// RESULT of a ledger, by ADMIT.
std::map<int64_t, std::vector<std::optional<int>>> SameSymbol(
    const std::vector<std::string>& entries);

}  // namespace pinhole::simulation
