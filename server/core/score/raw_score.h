// The exact score of one set of rows: a value that can be carried and not read.
//
// It has no accessor, no comparison and no way to be printed. Its three readers are named here: the
// leveller (leveller.h); rehearsal::Reveal, which stands in a module of its own that the vault does
// not link (deploy/layers.txt); and exact::Reading, which the operator's evidence commands alone
// may include.
#pragma once

#include <cstdint>

#include "server/core/contest/scoring.h"
#include "server/core/score/level.h"
#include "server/core/score/wide.h"

namespace pinhole::rehearsal {
class Reveal;
}
namespace pinhole::exact {
class Reading;
}

namespace pinhole::score {

class RawScore {
 public:
  RawScore(const RawScore&) = default;
  RawScore& operator=(const RawScore&) = default;

 private:
  friend class SplitSums;  // makes it
  friend Level LevelOf(const RawScore& score, const contest::LevelScale& scale);
  friend class rehearsal::Reveal;
  friend class exact::Reading;

  RawScore(contest::Metric metric, Wide sum, uint64_t weight, uint32_t one_row)
      : metric_(metric), sum_(sum), weight_(weight), one_row_(one_row) {}

  contest::Metric metric_;
  Wide sum_;          // of weighted squared errors, absolute errors (millionths), or matches
  uint64_t weight_;   // of the set
  uint32_t one_row_;  // what a row that counts once weighs: 1 when weights are equal, else 1000
};

// The scores of one run: of the rows that count for the board, and of those kept for the final.
struct SplitScores {
  RawScore public_score;
  RawScore final_score;
};

}  // namespace pinhole::score
