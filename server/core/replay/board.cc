#include "server/core/replay/board.h"

#include <algorithm>

namespace pinhole::replay {

std::vector<BoardRow> MakeBoard(const Contest& contest) {
  std::vector<const Team*> order;
  for (const Team& team : contest.teams) order.push_back(&team);
  const auto stands = [](const Team* team) {
    return team->best_level.has_value() && !team->disqualified;
  };
  // A missing score can never win: it has no rank and stands last, whatever the metric's direction.
  std::stable_sort(order.begin(), order.end(), [&](const Team* a, const Team* b) {
    if (stands(a) != stands(b)) return stands(a);
    if (!stands(a)) return false;
    if (*a->best_level != *b->best_level) return *a->best_level < *b->best_level;
    return a->best_admit < b->best_admit;
  });
  std::vector<BoardRow> rows;
  for (const Team* team : order) {
    BoardRow row{.team = team->entry.name,
                 .score = "-",
                 .best_admit = team->best_admit,
                 .tries_used = team->tries_used,
                 .tries_left = std::max(0, contest.limits.tries - team->tries_used),
                 .scores_left = contest.StateOf(*team).scores,
                 .charged = team->charged,
                 .disqualified = team->disqualified};
    if (stands(team)) row.rank = static_cast<int>(rows.size()) + 1;
    if (team->best_level.has_value()) {
      row.score = counting::SymbolText({counting::SymbolKind::kLevel, *team->best_level},
                                       contest.policy.policy.scoring.scale);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace pinhole::replay
