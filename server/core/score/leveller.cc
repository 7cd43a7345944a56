#include "server/core/score/leveller.h"

#include "server/core/score/wide.h"

namespace pinhole::score {
namespace {

bool AtLeastAsGood(contest::Metric metric, Wide sum, uint64_t weight, uint32_t one_row,
                   int64_t threshold) {
  if (metric == contest::Metric::kMatches) {
    return threshold <= 0 || sum * 1'000'000 >= static_cast<Wide>(threshold) * one_row;
  }
  if (threshold < 0) return false;
  const Wide each = static_cast<Wide>(threshold);
  return ProductReaches(weight, metric == contest::Metric::kRmse ? each * each : each, sum);
}

}  // namespace

Level LevelOf(const RawScore& score, const contest::LevelScale& scale) {
  const int count = scale.level_count();
  if (score.weight_ == 0) return Level(count);
  // Values get worse with the index, so the levels that hold are the last ones.
  int low = 0;
  int high = count;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (AtLeastAsGood(score.metric_, score.sum_, score.weight_, score.one_row_,
                      scale.ValueOf(middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return Level(low);
}

}  // namespace pinhole::score
