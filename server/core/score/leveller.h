// Turns an exact score into its level, in whole numbers only.
#pragma once

#include "server/core/contest/level_scale.h"
#include "server/core/score/level.h"
#include "server/core/score/raw_score.h"

namespace pinhole::score {

// The first level whose value the score is at least as good as; level_count() when it is worse than
// the worst, and for a set that weighs nothing. With T = scale.ValueOf(level) in millionths,
// weights w that sum to W, where a row that counts once weighs u (1 or 1000):
//   rmse        sum of w e^2 <= W * T^2
//   mse         sum of w e^2 <= W * T * 10^6
//   mae         sum of w |e| <= W * T
//   matches     sum of w of the matches * 10^6 >= u * T
//   mismatches  sum of w of the mismatches * 10^6 <= u * T
//   accuracy    sum of w of the matches * 10^6 >= W * T
// Needs a scale that contest::Validate accepts. Nothing can overflow: a product past 2^128 is past
// every sum.
Level LevelOf(const RawScore& score, const contest::LevelScale& scale);

}  // namespace pinhole::score
