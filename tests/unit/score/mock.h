// Sheets, outputs and a scorer in memory, for the tests of scoring.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "server/core/base/bytes.h"
#include "server/core/base/text.h"
#include "server/core/score/scoring.h"
#include "server/core/score/sheet_writer.h"

namespace pinhole::score {

// Levels 0.80 to 1.05 by 0.005 and predictions from 1 to 5, as in the demo.
inline contest::Scoring StarScoring(contest::Metric metric) {
  contest::Scoring scoring;
  scoring.metric = metric;
  scoring.range_low = 1'000'000;
  scoring.range_high = 5'000'000;
  scoring.scale = {.best = 800'000, .worst = 1'050'000, .step = 5'000};
  switch (metric) {
    case contest::Metric::kMatches:
      scoring.scale = {.best = 10'000'000, .worst = 0, .step = 1'000'000};
      break;
    case contest::Metric::kMismatches:
      scoring.scale = {.best = 0, .worst = 10'000'000, .step = 1'000'000};
      break;
    case contest::Metric::kAccuracy:
      scoring.scale = {.best = 1'000'000, .worst = 0, .step = 50'000};
      break;
    case contest::Metric::kRmse:
    case contest::Metric::kMse:
    case contest::Metric::kMae:
      break;
  }
  return scoring;
}

inline constexpr contest::Metric kAllMetrics[] = {
    contest::Metric::kRmse,    contest::Metric::kMse,        contest::Metric::kMae,
    contest::Metric::kMatches, contest::Metric::kMismatches, contest::Metric::kAccuracy};

inline std::string SheetOf(const contest::Scoring& scoring, const std::vector<SheetRow>& rows) {
  absl::StatusOr<std::string> sheet = EncodeSheet(scoring, rows);
  EXPECT_TRUE(sheet.ok()) << sheet.status();
  return sheet.ok() ? *sheet : "";
}

inline std::string TextOf(const std::vector<int64_t>& predictions) {
  std::string text;
  for (const int64_t value : predictions) text += FormatMillionths(value) + "\n";
  return text;
}

inline ScoringOutcome Outcome(std::string_view predictions, std::string_view sheet) {
  const auto buffers = std::make_unique<ScoringBuffers>();
  MemorySource prediction_source(AsBytes(predictions));
  MemorySource sheet_source(AsBytes(sheet));
  return ScoreExactly(prediction_source, sheet_source, *buffers);
}

inline std::optional<RunLevels> Levels(std::string_view predictions, std::string_view sheet) {
  const auto buffers = std::make_unique<ScoringBuffers>();
  MemorySource prediction_source(AsBytes(predictions));
  MemorySource sheet_source(AsBytes(sheet));
  return ScoreStream(prediction_source, sheet_source, *buffers);
}

}  // namespace pinhole::score
