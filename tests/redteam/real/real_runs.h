// Real runs: a real vault process, real boxes, the real scorer, and a decoder that has what a front
// on another machine has: the pipe's bytes, and when they come.
#pragma once

#include <cstdint>

namespace pinhole::redteam {

struct RealRuns {
  int64_t trials = 0;  // runs, each with one secret bit
  int64_t right = 0;   // that the decoder guessed
  int64_t told = 0;   // that the vault's sealed evidence tells: how many the encoder really encoded
  int64_t views = 0;  // different ones that the decoder had
  int64_t rounds = 0;
  bool written = false;      // what the runs predicted is in the vault's folder
  bool on_the_pipe = false;  // and in what crossed the pipe
  double rate() const { return static_cast<double>(right) / static_cast<double>(trials); }
};

// At least `trials` runs, `lanes` at a time in rounds of three seconds. Aborts when the vault ends.
enum class Failures { kHidden, kShown };
RealRuns PlayRealRuns(int lanes, int64_t trials, Failures failures = Failures::kHidden);

}  // namespace pinhole::redteam
