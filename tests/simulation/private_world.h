// What nobody may come to know: how the runs of a world go. A function of the private seed, and
// what the real server sees in place of boxes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/vault/runner.h"
#include "tests/simulation/random.h"

namespace pinhole::simulation {

// How one run goes.
struct Fate {
  vault::Answer answer{};
  vault::RunEvidence evidence;
  int64_t wall_ms = 0;
};

// A scorer's answer with these levels; final differs from public at will.
vault::Answer AnswerOf(int public_level, int final_level);

// A fate drawn at random: any level, or any kind of failure.
Fate DrawFate(Random& random, int level_count, int64_t wall_ms);

// All that a level or a failure can look like while it means the same: `level` nothing is a failed
// run.
Fate DrawFateOf(Random& random, std::optional<int> level, int level_count, int64_t wall_ms);

}  // namespace pinhole::simulation
