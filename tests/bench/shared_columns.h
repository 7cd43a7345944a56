// How much memory boxes that read the same columns hold together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/box.h"

namespace pinhole::bench {

struct SharedMemory {
  int64_t seen_bytes = 0;  // resident in the boxes, each counted by itself
  int64_t held_bytes = 0;  // the same, a page of n processes counted as 1/n in each (Pss)
  int64_t charged_bytes =
      0;  // what the lanes' groups count against the boxes' limits; 0: no groups
  int64_t free_bytes_less = 0;  // by how much the machine's free memory fell; others take part
};

// Runs bench_hold in all `lanes` at once and looks from outside while all have read the column.
// `groups` are the lanes' cgroup names.
SharedMemory MeasureShared(std::vector<sandbox::Lane>& lanes,
                           const std::vector<std::string>& groups);

}  // namespace pinhole::bench
