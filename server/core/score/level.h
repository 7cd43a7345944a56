// A score as one of the few levels that may be shown, and all that is kept of a run.
#pragma once

#include <compare>

#include "server/core/contest/level_scale.h"

namespace pinhole::score {

class RawScore;

// Index 0 is the scale's best; scale.level_count() means worse than its worst. Only the leveller
// and the decoder of the scorer's answer make one. To keep a level, keep the answer (answer.h).
class Level {
 public:
  int index() const { return index_; }
  // Lower is better.
  auto operator<=>(const Level&) const = default;

 private:
  friend Level LevelOf(const RawScore& score, const contest::LevelScale& scale);
  friend class AnswerReader;  // decode_answer.cc

  explicit Level(int index) : index_(index) {}

  int index_;
};

struct RunLevels {
  Level public_level;
  Level final_level;
  bool operator==(const RunLevels&) const = default;
};

}  // namespace pinhole::score
