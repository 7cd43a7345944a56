#include "server/core/counting/final_board.h"

#include <algorithm>

#include "server/core/base/text.h"
#include "server/core/counting/big_count.h"

namespace pinhole::counting {

using contest::FinalRule;

int FinalPlaces(const contest::Policy& policy, int teams) {
  switch (policy.release.final_rule) {
    case FinalRule::kNone:
      return 0;
    case FinalRule::kWinner:
      return std::min(teams, 1);
    case FinalRule::kTop3:
      return std::min(teams, 3);
    case FinalRule::kEveryTeam:
      return teams;
  }
  return 0;
}

Bits FinalCharge(const contest::Policy& policy, int teams, int place) {
  if (policy.release.final_rule == FinalRule::kEveryTeam) {
    return BigCount(static_cast<uint64_t>(policy.scoring.scale.level_count()) + 1).CeilLog2();
  }
  return BigCount(static_cast<uint64_t>(std::max(1, teams - place + 1))).CeilLog2();
}

std::string FinalText(const std::optional<int>& level, const contest::LevelScale& scale) {
  if (!level.has_value()) return "-";
  return *level >= scale.level_count() ? "WORSE" : FormatMillionths(scale.ValueOf(*level));
}

Bits FinalWorstCase(const contest::Policy& policy) {
  const int teams = policy.release.teams;
  if (policy.release.final_rule == FinalRule::kEveryTeam) {
    return FinalCharge(policy, teams, 1) * teams;
  }
  Bits worst{0};
  for (int place = 1; place <= FinalPlaces(policy, teams); ++place) {
    worst += FinalCharge(policy, teams, place);
  }
  return worst;
}

}  // namespace pinhole::counting
