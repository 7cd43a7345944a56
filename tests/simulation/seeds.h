// What is asked of one seed: the worlds it stands for, and whether every property holds of them.
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/world.h"

namespace pinhole::simulation {

// How often two worlds that must look the same were really different inside: without that,
// looking the same says nothing.
struct Differences {
  int64_t levels = 0;       // runs with another level, or none
  int64_t outcomes = 0;     // runs that ended in another way
  int64_t times = 0;        // runs of another length
  int64_t outputs = 0;      // runs with another output
  int64_t orders = 0;       // worlds whose runs ended in another order
  int64_t crash_steps = 0;  // outages that came after another number of runs
  void Add(const Differences& other);
};

struct Report {
  std::string violation;  // "": every property holds
  Counts counts;
  Differences differences;
};

// Every third seed is one world whose disk fails and loses its current at any step. Of the others
// each is three worlds that an outsider must not tell apart: the second has the same runs end in
// another order, the third has other runs with the same symbols.
Report TrySeed(uint64_t seed, Mutant mutant = Mutant::kNone);

}  // namespace pinhole::simulation
