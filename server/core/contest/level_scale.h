// The levels that a score may be shown as: multiples of a step between a best and a worst value.
#pragma once

#include <cstdint>

namespace pinhole::contest {

// Level 0 is `best`, the last level is `worst`. All three are millionths of the metric's unit; step
// > 0, best != worst and |worst - best| is a multiple of step (Validate checks it). A metric where
// lower is better has best < worst.
struct LevelScale {
  int64_t best = 0;
  int64_t worst = 0;
  int64_t step = 1;

  // L of CHANNEL.md section 5.2. The index L itself means "worse than worst": it can't be shown.
  int level_count() const {
    return static_cast<int>((worst > best ? worst - best : best - worst) / step) + 1;
  }
  // The value a level is shown as: at least this good. Needs 0 <= level < level_count().
  int64_t ValueOf(int level) const {
    return worst > best ? best + level * step : best - level * step;
  }

  // The most scores that can each be at least `min_gain` levels better than the one before; needs
  // min_gain >= 1.
  int MostGains(int min_gain) const { return (level_count() - 1) / min_gain + 1; }

  bool operator==(const LevelScale&) const = default;
};

// More levels than this are refused: the prediction of a level must fit the scorer's answer, and
// finer steps are noise.
inline constexpr int kMaxLevels = 50'001;

}  // namespace pinhole::contest
