#include "server/core/contest/level_scale.h"

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"

namespace pinhole::contest {

absl::Status Validate(const LevelScale& scale) {
  if (scale.step <= 0) {
    return absl::InvalidArgumentError("score.step must be above 0");
  }
  if (scale.best == scale.worst) {
    return absl::InvalidArgumentError(
        "score.best and score.worst are equal: one level tells nothing; move them apart");
  }
  constexpr int64_t kValueLimit =
      1'000'000'000'000'000;  // a billion units, so that no difference overflows
  if (scale.best > kValueLimit || scale.best < -kValueLimit || scale.worst > kValueLimit ||
      scale.worst < -kValueLimit) {
    return absl::InvalidArgumentError("score.best and score.worst must be within a billion");
  }
  const int64_t span =
      scale.worst > scale.best ? scale.worst - scale.best : scale.best - scale.worst;
  if (span % scale.step != 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "score.step %s does not divide the distance of score.best %s and score.worst %s; choose a "
        "step that does",
        FormatMillionths(scale.step), FormatMillionths(scale.best), FormatMillionths(scale.worst)));
  }
  if (span / scale.step + 1 > kMaxLevels) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "score.step %s makes %d levels between score.best and score.worst; %d is the most",
        FormatMillionths(scale.step), span / scale.step + 1, kMaxLevels));
  }
  return absl::OkStatus();
}

}  // namespace pinhole::contest
