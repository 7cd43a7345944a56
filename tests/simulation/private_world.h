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

// What a policy lets fates be.
struct Ranges {
  int level_count = 0;
  int64_t wall_ms = 0;
};

// A fate drawn at random: any level, or any kind of failure.
Fate DrawFate(Random& random, const Ranges& ranges);

// Any of all that can stand behind one public level; nothing is a failed run. `final_level`
// nothing: any.
Fate DrawFateOf(Random& random, const Ranges& ranges, std::optional<int> level,
                std::optional<int> final_level);

}  // namespace pinhole::simulation
