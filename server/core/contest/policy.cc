#include "server/core/contest/policy.h"

#include <array>
#include <span>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::contest {
namespace {

constexpr std::array<std::string_view, 2> kDeployments = {"one-machine", "two-machine"};
constexpr std::array<std::string_view, kMetricCount> kMetrics = {
    "rmse", "mse", "mae", "matches", "mismatches", "accuracy"};
constexpr std::array<std::string_view, 2> kWeights = {"equal", "column"};
constexpr std::array<std::string_view, 3> kFormats = {"text", "f32", "f64"};
constexpr std::array<std::string_view, 3> kReleaseRules = {"every-score", "improvements",
                                                           "records"};
constexpr std::array<std::string_view, 4> kFinalRules = {"none", "winner", "top3", "every-team"};

struct DegradedMode {
  std::string_view name;
  bool Degraded::*field;
};
constexpr std::array<DegradedMode, 3> kDegraded = {{{"lane-users", &Degraded::lane_users},
                                                    {"network", &Degraded::network},
                                                    {"cgroups", &Degraded::cgroups}}};

template <typename Enum>
absl::StatusOr<Enum> ParseWord(std::string_view text, std::span<const std::string_view> words) {
  std::string all;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return static_cast<Enum>(i);
    all += (i == 0 ? "" : ", ") + std::string(words[i]);
  }
  return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is none of: %s", text, all));
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

std::string Name(const Degraded& value) {
  std::string text;
  for (size_t i = 0; i < kDegraded.size(); ++i) {
    if (!(value.*kDegraded[i].field)) continue;
    text += (text.empty() ? "" : "+") + std::string(kDegraded[i].name);
  }
  return text.empty() ? "none" : text;
}

absl::StatusOr<Degraded> ParseDegraded(std::string_view text) {
  Degraded value;
  for (const DegradedMode& mode : kDegraded) {
    value.*mode.field = text.find(mode.name) != std::string_view::npos;
  }
  if (Name(value) == text) return value;
  return absl::InvalidArgumentError(
      absl::StrFormat("\"%s\": degraded is \"none\" or lane-users, network and cgroups with '+' "
                      "between them, in this order",
                      text));
}

int64_t SettleMs(PredictionFormat format, int64_t rows) {
  return kSettleMs + rows / (format == PredictionFormat::kText ? kSlowestTextRowsPerMs
                                                               : kSlowestBinaryRowsPerMs);
}

int RunsPerLane(const Policy& policy) {
  return static_cast<int>(policy.rounds.run_window_ms /
                          (policy.limits.wall_ms + policy.rounds.settle_ms));
}

int64_t MostCpuSeconds(const Limits& limits) {
  return (limits.wall_ms * limits.threads + 999) / 1000;
}

int64_t RoundsPerDay(const Rounds& rounds) {
  constexpr int64_t kDayMs = 86'400'000;
  return (kDayMs + rounds.length_ms - 1) / rounds.length_ms;
}

}  // namespace pinhole::contest
