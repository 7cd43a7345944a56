// The scoring half of validate.h.
#include <string>

#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/contest/refuse.h"
#include "server/core/contest/validate.h"

namespace pinhole::contest {
namespace {

__extension__ using Wide = __int128;
constexpr int64_t kMillion = 1'000'000;

std::string Ends(const Scoring& scoring) {
  return FormatMillionths(scoring.range_low) + " to " + FormatMillionths(scoring.range_high);
}

absl::Status CheckRange(const Scoring& scoring) {
  RETURN_IF_ERROR(
      CheckIn("score.range (millionths)", scoring.range_low, -kValueLimit, kValueLimit));
  RETURN_IF_ERROR(
      CheckIn("score.range (millionths)", scoring.range_high, -kValueLimit, kValueLimit));
  if (scoring.range_low < scoring.range_high) return absl::OkStatus();
  return Refuse("score.range %s: the low end must be below the high end", Ends(scoring));
}

// Which side of worst the metric's best is on, and the ends that the metric cannot pass.
absl::Status CheckEnds(const Scoring& scoring) {
  const LevelScale& scale = scoring.scale;
  const bool higher = HigherIsBetter(scoring.metric);
  if (higher != (scale.best > scale.worst)) {
    return Refuse(
        "score.metric %s is better when %s, but score.best %s and score.worst %s say the opposite: "
        "swap them",
        Name(scoring.metric), higher ? "higher" : "lower", FormatMillionths(scale.best),
        FormatMillionths(scale.worst));
  }
  if (scale.best < 0 || scale.worst < 0) {
    return Refuse("score.best %s and score.worst %s: score.metric %s is never below 0",
                  FormatMillionths(scale.best), FormatMillionths(scale.worst),
                  Name(scoring.metric));
  }
  if (scoring.metric == Metric::kAccuracy && scale.best > kMillion) {
    return Refuse("score.best %s: score.metric accuracy is never above 1",
                  FormatMillionths(scale.best));
  }
  return absl::OkStatus();
}

// No error within the range is larger than its width.
absl::Status CheckWorstAgainstRange(const Scoring& scoring) {
  const Wide width = Wide{scoring.range_high} - scoring.range_low;
  const Wide worst = scoring.scale.worst;
  const bool beyond = scoring.metric == Metric::kMse  ? worst * kMillion > width * width
                      : CountsMatches(scoring.metric) ? false
                                                      : worst > width;
  if (!beyond) return absl::OkStatus();
  return Refuse(
      "score.worst %s can never be reached: predictions and labels within score.range %s cannot be "
      "so far apart",
      FormatMillionths(scoring.scale.worst), Ends(scoring));
}

absl::Status CheckMatches(const Scoring& scoring) {
  if (!CountsMatches(scoring.metric)) return absl::OkStatus();
  const LevelScale& scale = scoring.scale;
  if (scoring.metric != Metric::kAccuracy && scoring.weights == RowWeights::kEqual &&
      (scale.step % kMillion != 0 || scale.best % kMillion != 0)) {
    return Refuse(
        "score.step %s and score.best %s: score.metric %s counts whole rows when score.weights is "
        "equal; finer levels tell nothing and cost bits",
        FormatMillionths(scale.step), FormatMillionths(scale.best), Name(scoring.metric));
  }
  constexpr int64_t kExactF32 = (int64_t{1} << 24) * kMillion;
  if (scoring.format == PredictionFormat::kF32 &&
      (scoring.range_low < -kExactF32 || scoring.range_high > kExactF32)) {
    return Refuse(
        "score.predictions f32 cannot say every whole number of score.range %s, so score.metric %s "
        "could not be met: take f64 or text",
        Ends(scoring), Name(scoring.metric));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const LevelScale& scale) {
  if (scale.step <= 0) return Refuse("score.step must be above 0");
  if (scale.best == scale.worst) {
    return Refuse("score.best and score.worst are equal: one level tells nothing; move them apart");
  }
  if (scale.best > kValueLimit || scale.best < -kValueLimit || scale.worst > kValueLimit ||
      scale.worst < -kValueLimit) {
    return Refuse("score.best and score.worst must be within a billion");
  }
  const int64_t span =
      scale.worst > scale.best ? scale.worst - scale.best : scale.best - scale.worst;
  if (span % scale.step != 0) {
    return Refuse(
        "score.step %s does not divide the distance of score.best %s and score.worst %s; choose a "
        "step that does",
        FormatMillionths(scale.step), FormatMillionths(scale.best), FormatMillionths(scale.worst));
  }
  if (span / scale.step + 1 > kMaxLevels) {
    return Refuse(
        "score.step %s makes %d levels between score.best %s and score.worst %s; %d is the most",
        FormatMillionths(scale.step), span / scale.step + 1, FormatMillionths(scale.best),
        FormatMillionths(scale.worst), kMaxLevels);
  }
  return absl::OkStatus();
}

absl::Status Validate(const Scoring& scoring) {
  RETURN_IF_ERROR(Validate(scoring.scale));
  RETURN_IF_ERROR(CheckRange(scoring));
  RETURN_IF_ERROR(CheckEnds(scoring));
  RETURN_IF_ERROR(CheckWorstAgainstRange(scoring));
  return CheckMatches(scoring);
}

}  // namespace pinhole::contest
