// Which experiments there are and how large: a quick profile for every check, a long one for the
// decision (CHANNEL.md section 2.1: 162,000 trials see a leak of 10^-4 bit a trial).
#pragma once

#include <vector>

#include "tests/redteam/controls.h"

namespace pinhole::redteam {

enum class Profile { kQuick, kLong };

std::vector<OpenChannel> PositiveControls(Profile profile);
std::vector<OpenChannel> GuessTests(Profile profile);
// The mutant: a gate that does not count the scores it showed against `shown_scores`.
OpenChannel UncountedScores(Profile profile);

}  // namespace pinhole::redteam
