#include "server/core/rehearsal/reveal.h"

#include <cmath>
#include <memory>

#include "server/core/rehearsal/fault_text.h"
#include "server/core/score/leveller.h"
#include "server/core/score/scoring.h"

namespace pinhole::rehearsal {

double Reveal::Value(const score::RawScore& score) {
  if (score.weight_ == 0) return 0;
  const auto sum = static_cast<long double>(score.sum_);
  const auto weight = static_cast<long double>(score.weight_);
  switch (score.metric_) {
    case contest::Metric::kRmse:
      return static_cast<double>(std::sqrt(sum / weight) / 1e6L);
    case contest::Metric::kMse:
      return static_cast<double>(sum / weight / 1e12L);
    case contest::Metric::kMae:
      return static_cast<double>(sum / weight / 1e6L);
    case contest::Metric::kAccuracy:
      return static_cast<double>(sum / weight);
    case contest::Metric::kMatches:
    case contest::Metric::kMismatches:
      break;
  }
  return static_cast<double>(sum / static_cast<long double>(score.one_row_));
}

absl::StatusOr<ExactScores> RevealForRehearsal(ByteView predictions, ByteView sheet) {
  const auto buffers = std::make_unique<score::ScoringBuffers>();
  score::MemorySource prediction_source(predictions);
  score::MemorySource sheet_source(sheet);
  const score::ScoringOutcome outcome =
      score::ScoreExactly(prediction_source, sheet_source, *buffers);
  if (outcome.fault == score::ScoringFault::kPredictions) {
    return absl::InvalidArgumentError(FaultText(outcome, predictions));
  }
  if (!outcome.scores.has_value()) {
    return absl::FailedPreconditionError(
        "the scoring sheet is torn or contradicts its header: build it again from the mock data");
  }
  const score::SheetHeader& header = *outcome.header;
  return ExactScores{
      .public_score = Reveal::Value(outcome.scores->public_score),
      .final_score = Reveal::Value(outcome.scores->final_score),
      .public_rows = static_cast<int64_t>(header.public_rows),
      .final_rows = static_cast<int64_t>(header.rows - header.public_rows),
      .levels = {score::LevelOf(outcome.scores->public_score, header.scoring.scale),
                 score::LevelOf(outcome.scores->final_score, header.scoring.scale)},
  };
}

}  // namespace pinhole::rehearsal
