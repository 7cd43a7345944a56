#include "server/vault/baseline.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/counting/big_count.h"
#include "server/core/score/leveller.h"
#include "server/core/score/metrics.h"
#include "server/core/score/sheet.h"

namespace pinhole::vault {
namespace {

using contest::Metric;
using contest::Scoring;
__extension__ using Wide = __int128;
constexpr int64_t kMillion = 1'000'000;

// How far from score.best, in millionths of the metric's unit, a score within declared values can
// be; at least kMaxLevels steps mean "further than levels can go".
Wide Reach(const Scoring& scoring, int64_t public_rows) {
  const Wide width = Wide{scoring.range_high} - scoring.range_low;
  const Wide best = scoring.scale.best;
  switch (scoring.metric) {
    case Metric::kRmse:
    case Metric::kMae:
      return width - best;
    case Metric::kMse:
      return width * width / kMillion - best;
    case Metric::kMatches:
    case Metric::kAccuracy:
      return best;
    case Metric::kMismatches:
      // The sum of weights is private, so it may not decide how many steps there are.
      if (scoring.weights == contest::RowWeights::kColumn) {
        return Wide{scoring.scale.step} * contest::kMaxLevels;
      }
      return Wide{public_rows} * kMillion - best;
  }
  return 0;
}

absl::StatusOr<int64_t> Prediction(const Scoring& scoring, const ImportFacts& facts) {
  if (!contest::CountsMatches(scoring.metric)) return facts.baseline_prediction;
  if (facts.majority_label.has_value()) return *facts.majority_label;
  return absl::FailedPreconditionError(
      absl::StrFormat("score.worst \"baseline\" with score.metric %s is the most frequent training "
                      "label, and there are too many different ones: give a number",
                      contest::Name(scoring.metric)));
}

// A scale from score.best on as far as scores and levels go.
absl::Status WidenScale(Scoring& scoring, int64_t public_rows) {
  contest::LevelScale& scale = scoring.scale;
  const Wide reach = Reach(scoring, public_rows);
  if (scale.step <= 0 || reach < scale.step) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "score.best %s and score.step %s leave no level for score.worst \"baseline\": no score %s "
        "is so much worse",
        FormatMillionths(scale.best), FormatMillionths(scale.step), contest::Name(scoring.metric)));
  }
  const bool higher = contest::HigherIsBetter(scoring.metric);
  // Where 0 is the end, no step may pass it; elsewhere the last may pass the end.
  const Wide steps = std::min<Wide>(reach / scale.step + (higher ? 0 : 1), contest::kMaxLevels - 1);
  const auto distance = static_cast<int64_t>(steps * scale.step);
  scale.worst = higher ? scale.best - distance : scale.best + distance;
  return absl::OkStatus();
}

}  // namespace

absl::Status SetBaseline(contest::Policy& policy, const ImportFacts& facts,
                         const std::string& label_records, int64_t public_rows) {
  Scoring& scoring = policy.scoring;
  contest::LevelScale& scale = scoring.scale;
  ASSIGN_OR_RETURN(const int64_t prediction, Prediction(scoring, facts));
  RETURN_IF_ERROR(WidenScale(scoring, public_rows));
  score::SplitSums sums(scoring);
  const std::vector<int64_t> predictions(label_records.size() / score::kSheetRecordSize,
                                         prediction);
  if (!sums.Add(predictions, AsBytes(label_records))) {
    return absl::InvalidArgumentError("a label of the data set lies outside score.range: widen it");
  }
  const int level = score::LevelOf(sums.Scores().public_score, scale).index();
  if (level >= scale.level_count()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "score.step %s is too fine to reach the baseline from score.best %s: take a larger step",
        FormatMillionths(scale.step), FormatMillionths(scale.best)));
  }
  if (level == 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("score.best %s is no better than score.worst \"baseline\": make it better",
                        FormatMillionths(scale.best)));
  }
  // The owner declassifies which of the steps it is.
  policy.baseline_thousandths =
      counting::BigCount(static_cast<uint64_t>(scale.level_count())).CeilLog2().thousandths;
  scale.worst = scale.ValueOf(level);
  return absl::OkStatus();
}

}  // namespace pinhole::vault
