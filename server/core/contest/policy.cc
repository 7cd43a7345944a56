#include "server/core/contest/policy.h"

#include <array>
#include <span>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::contest {
namespace {

constexpr std::array<std::string_view, 2> kDeployments = {"one-machine", "two-machine"};
constexpr std::array<std::string_view, 3> kMetrics = {"rmse", "mae", "matches"};
constexpr std::array<std::string_view, 2> kWeights = {"equal", "column"};
constexpr std::array<std::string_view, 3> kFormats = {"text", "f32", "f64"};
constexpr std::array<std::string_view, 2> kReleaseRules = {"every-score", "improvements"};
constexpr std::array<std::string_view, 1> kFinalRules = {"none"};

template <typename Enum>
absl::StatusOr<Enum> ParseWord(std::string_view text, std::span<const std::string_view> words) {
  std::string all;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return static_cast<Enum>(i);
    all += (i == 0 ? "" : ", ") + std::string(words[i]);
  }
  return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is none of: %s", text, all));
}

absl::Status CheckIn(const char* setting, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %d; it must be between %d and %d", setting, value, low, high));
}

absl::Status ValidateScoring(const Scoring& scoring) {
  RETURN_IF_ERROR(Validate(scoring.scale));
  if (scoring.range_low >= scoring.range_high) {
    return absl::InvalidArgumentError("score.range: the low end must be below the high end");
  }
  constexpr int64_t kRangeLimit = 1'000'000'000'000'000;
  RETURN_IF_ERROR(
      CheckIn("score.range (millionths)", scoring.range_low, -kRangeLimit, kRangeLimit));
  RETURN_IF_ERROR(
      CheckIn("score.range (millionths)", scoring.range_high, -kRangeLimit, kRangeLimit));
  const bool lower_is_better = scoring.metric != Metric::kMatches;
  if (lower_is_better != (scoring.scale.best < scoring.scale.worst)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("score.metric %s is better when %s, but score.best and score.worst say the "
                        "opposite: swap them",
                        Name(scoring.metric), lower_is_better ? "lower" : "higher"));
  }
  if (scoring.scale.best < 0 || scoring.scale.worst < 0) {
    return absl::InvalidArgumentError("score.best and score.worst: this metric is never below 0");
  }
  return absl::OkStatus();
}

absl::Status ValidateRelease(const Release& release) {
  RETURN_IF_ERROR(CheckIn("release.tries", release.tries, 1, 100'000));
  RETURN_IF_ERROR(CheckIn("release.waiting", release.waiting, 1, 1000));
  RETURN_IF_ERROR(CheckIn("release.teams", release.teams, 1, 100'000));
  RETURN_IF_ERROR(CheckIn("release.min_gain", release.min_gain, 1, kMaxLevels));
  RETURN_IF_ERROR(
      CheckIn("release.acts_bits (thousandths)", release.acts_thousandths, 0, 1'000'000'000));
  if (release.rule == ReleaseRule::kEveryScore) {
    if (release.shown_scores != 0 || release.shown_failures != 0 || release.min_gain != 1) {
      return absl::InvalidArgumentError(
          "release.rule every-score shows everything: remove release.shown_scores, shown_failures "
          "and min_gain");
    }
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckIn("release.shown_scores", release.shown_scores, 1, release.tries));
  return CheckIn("release.shown_failures", release.shown_failures, 0, release.tries);
}

absl::Status ValidateRounds(const Rounds& rounds) {
  RETURN_IF_ERROR(
      CheckIn("rounds.length (ms)", rounds.length_ms, 2000, int64_t{7} * 24 * 3600 * 1000));
  if (rounds.length_ms % 1000 != 0 || rounds.run_window_ms % 100 != 0 ||
      rounds.origin_ms % 1000 != 0) {
    return absl::InvalidArgumentError(
        "rounds.length and its start are whole seconds, rounds.run_window is whole tenths");
  }
  RETURN_IF_ERROR(
      CheckIn("rounds.run_window (ms): the rest of rounds.length is the exchange, at least 1 s",
              rounds.run_window_ms, 500, rounds.length_ms - 1000));
  RETURN_IF_ERROR(CheckIn("rounds.duration in rounds", rounds.count, 2, 100'000'000));
  RETURN_IF_ERROR(CheckIn("rounds.lanes", rounds.lanes, 1, 1024));
  RETURN_IF_ERROR(CheckIn("rounds.origin (ms)", rounds.origin_ms, 0, int64_t{1} << 45));
  return CheckIn("rounds.max_shift", rounds.max_shift, 1, 1'000'000);
}

absl::Status ValidateLimits(const Limits& limits) {
  RETURN_IF_ERROR(CheckIn("limits.wall (ms)", limits.wall_ms, 100, int64_t{7} * 24 * 3600 * 1000));
  RETURN_IF_ERROR(CheckIn("limits.cpu (s)", limits.cpu_seconds, 1, 100'000'000));
  RETURN_IF_ERROR(
      CheckIn("limits.memory (bytes)", limits.memory_bytes, int64_t{16} << 20, int64_t{1} << 44));
  RETURN_IF_ERROR(CheckIn("limits.threads", limits.threads, 1, 1024));
  RETURN_IF_ERROR(CheckIn("limits.output (bytes)", limits.output_bytes, 16, int64_t{1} << 40));
  RETURN_IF_ERROR(CheckIn("limits.scratch (bytes)", limits.scratch_bytes, 0, int64_t{1} << 40));
  return CheckIn("limits.program (bytes)", limits.program_bytes, 1, int64_t{1} << 32);
}

}  // namespace

std::string_view Name(Deployment value) { return kDeployments[static_cast<size_t>(value)]; }
std::string_view Name(Metric value) { return kMetrics[static_cast<size_t>(value)]; }
std::string_view Name(RowWeights value) { return kWeights[static_cast<size_t>(value)]; }
std::string_view Name(PredictionFormat value) { return kFormats[static_cast<size_t>(value)]; }
std::string_view Name(ReleaseRule value) { return kReleaseRules[static_cast<size_t>(value)]; }
std::string_view Name(FinalRule value) { return kFinalRules[static_cast<size_t>(value)]; }

absl::StatusOr<Deployment> ParseDeployment(std::string_view text) {
  return ParseWord<Deployment>(text, kDeployments);
}
absl::StatusOr<Metric> ParseMetric(std::string_view text) {
  return ParseWord<Metric>(text, kMetrics);
}
absl::StatusOr<RowWeights> ParseRowWeights(std::string_view text) {
  return ParseWord<RowWeights>(text, kWeights);
}
absl::StatusOr<PredictionFormat> ParsePredictionFormat(std::string_view text) {
  return ParseWord<PredictionFormat>(text, kFormats);
}
absl::StatusOr<ReleaseRule> ParseReleaseRule(std::string_view text) {
  return ParseWord<ReleaseRule>(text, kReleaseRules);
}
absl::StatusOr<FinalRule> ParseFinalRule(std::string_view text) {
  return ParseWord<FinalRule>(text, kFinalRules);
}

absl::Status Validate(const Policy& policy) {
  if (!IsId(policy.contest)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "contest \"%s\": use 1 to 39 of a-z, 0-9 and '-', a letter first", policy.contest));
  }
  RETURN_IF_ERROR(CheckIn("version", policy.version, 1, 1'000'000));
  RETURN_IF_ERROR(ValidateScoring(policy.scoring));
  RETURN_IF_ERROR(ValidateRelease(policy.release));
  RETURN_IF_ERROR(ValidateRounds(policy.rounds));
  RETURN_IF_ERROR(ValidateLimits(policy.limits));
  if (RunsPerLane(policy) < 1) {
    return absl::FailedPreconditionError(
        absl::StrFormat("limits.wall %d ms and %d ms to settle do not fit rounds.run_window %d ms: "
                        "shorten the one or lengthen the other",
                        policy.limits.wall_ms, kSettleMs, policy.rounds.run_window_ms));
  }
  return absl::OkStatus();
}

int RunsPerLane(const Policy& policy) {
  return static_cast<int>(policy.rounds.run_window_ms / (policy.limits.wall_ms + kSettleMs));
}

}  // namespace pinhole::contest
