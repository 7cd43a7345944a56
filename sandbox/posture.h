// What this machine offers to a box, and what its lack means: the lines of `pinhole-vault doctor`.
#pragma once

#include <string>
#include <vector>

namespace pinhole::sandbox {

enum class Presence {
  kPresent,
  kDegraded,  // a box runs, and holds less well
  kMissing,   // no box runs
};

struct PostureLine {
  std::string feature;  // constant, so that two machines can be compared line by line
  Presence presence;
  std::string found;        // what was seen: a version, a path, an error
  std::string consequence;  // of its lack; empty when present
};

// Looks, and changes nothing that outlives the call. Same order of lines on every machine.
std::vector<PostureLine> Inspect();

}  // namespace pinhole::sandbox
