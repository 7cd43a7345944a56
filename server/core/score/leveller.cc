#include "server/core/score/leveller.h"

#include "server/core/score/wide.h"

namespace pinhole::score {
namespace {

struct Exact {
  contest::Metric metric;
  Wide sum;
  uint64_t weight;
  uint32_t one_row;
};

bool AtLeastAsGood(const Exact& score, int64_t threshold) {
  if (threshold < 0) return contest::HigherIsBetter(score.metric);
  constexpr Wide kMillion = 1'000'000;
  const Wide value = static_cast<Wide>(threshold);
  switch (score.metric) {
    case contest::Metric::kRmse:
      return ProductReaches(score.weight, value * value, score.sum);
    case contest::Metric::kMse:
      return ProductReaches(score.weight, value * kMillion, score.sum);
    case contest::Metric::kMae:
      return ProductReaches(score.weight, value, score.sum);
    case contest::Metric::kMatches:
      return score.sum * kMillion >= value * score.one_row;
    case contest::Metric::kMismatches:
      return score.sum * kMillion <= value * score.one_row;
    case contest::Metric::kAccuracy:
      return score.sum * kMillion >= value * score.weight;
  }
  return false;
}

}  // namespace

Level LevelOf(const RawScore& score, const contest::LevelScale& scale) {
  const int count = scale.level_count();
  const Exact exact{score.metric_, score.sum_, score.weight_, score.one_row_};
  if (exact.weight == 0) return Level(count);
  // Values get worse with the index, so the levels that hold are the last ones.
  int low = 0;
  int high = count;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (AtLeastAsGood(exact, scale.ValueOf(middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return Level(low);
}

}  // namespace pinhole::score
