#include "client/cli/show_below.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"

namespace pinhole::cli {

absl::StatusOr<std::optional<int>> ParseShowBelow(const contest::LevelScale& scale,
                                                  std::string_view text) {
  if (text.empty()) return std::nullopt;
  const absl::StatusOr<int64_t> value = ParseMillionths(text);
  if (!value.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--show-below \"%s\" is no number such as 0.875", text));
  }
  const int64_t steps_from_best =
      (scale.worst > scale.best ? *value - scale.best : scale.best - *value);
  const int64_t last = scale.level_count() - 1;
  const int64_t level = std::clamp<int64_t>(steps_from_best / scale.step, 0, last);
  if (steps_from_best >= 0 && scale.ValueOf(static_cast<int>(level)) == *value) {
    return static_cast<int>(level);
  }
  const int64_t worse = std::min(level + 1, last);
  return absl::InvalidArgumentError(absl::StrFormat(
      "--show-below %s is no score of this contest: scores go from %s to %s in steps of %s; "
      "nearest are %s and %s",
      text, FormatMillionths(scale.best), FormatMillionths(scale.worst),
      FormatMillionths(scale.step), FormatMillionths(scale.ValueOf(static_cast<int>(level))),
      FormatMillionths(scale.ValueOf(static_cast<int>(worse)))));
}

}  // namespace pinhole::cli
