// The board and the state of submissions, from the public ledger alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/replay/ledger_state.h"

namespace pinhole::replay {

// One line of the board. Order: shown level, best first; then the earlier shown; teams that cannot
// rank last, by number.
struct BoardRow {
  int rank = 0;  // 1, 2, …; 0 for teams without a shown score or disqualified, which cannot rank
  std::string team;
  std::string score;  // the level's value, or "-"
  int64_t best_admit = -1;
  int tries_used = 0;
  int tries_left = 0;
  int scores_left = 0;
  counting::Bits charged;
  bool disqualified = false;
};
std::vector<BoardRow> MakeBoard(const Contest& contest);

}  // namespace pinhole::replay
