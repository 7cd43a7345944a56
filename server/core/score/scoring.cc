#include "server/core/score/scoring.h"

#include <algorithm>

#include "server/core/score/leveller.h"
#include "server/core/score/metrics.h"

namespace pinhole::score {
namespace {

// True when `into` could be filled to its end.
bool ReadFully(ByteSource& source, std::span<uint8_t> into) {
  while (!into.empty()) {
    const ptrdiff_t got = source.Read(into);
    if (got <= 0) return false;
    into = into.subspan(static_cast<size_t>(got));
  }
  return true;
}

bool AtEnd(ByteSource& source) {
  uint8_t byte;
  return source.Read({&byte, 1}) == 0;
}

// Scores the `count` values at the front of the batch.
bool ScoreBatch(ByteSource& sheet, ScoringBuffers& buffers, size_t count, SplitSums& sums) {
  const auto records = std::span(buffers.records).first(count * kSheetRecordSize);
  return ReadFully(sheet, records) && sums.Add(std::span(buffers.values).first(count), records);
}

bool SumsAgree(const SplitSums& sums, const SheetHeader& header) {
  return sums.rows() == header.rows && sums.public_rows() == header.public_rows &&
         sums.label_sum() == header.label_sum && sums.weight() == header.weight &&
         sums.public_weight() == header.public_weight;
}

ScoringFault ScoreRows(ByteSource& predictions, ByteSource& sheet, ScoringBuffers& buffers,
                       PredictionParser& parser, SplitSums& sums) {
  while (true) {
    const ptrdiff_t got = predictions.Read(buffers.predictions);
    if (got < 0) return ScoringFault::kRead;
    if (got == 0) break;
    std::span<const uint8_t> bytes(buffers.predictions.data(), static_cast<size_t>(got));
    while (!bytes.empty()) {
      const PredictionParser::Progress progress = parser.Feed(bytes, buffers.values);
      if (parser.fault() != PredictionFault::kNone) return ScoringFault::kPredictions;
      if (!ScoreBatch(sheet, buffers, progress.written, sums)) return ScoringFault::kSheet;
      bytes = bytes.subspan(progress.consumed);
    }
  }
  const size_t last = parser.Finish(buffers.values);
  if (parser.fault() != PredictionFault::kNone) return ScoringFault::kPredictions;
  return ScoreBatch(sheet, buffers, last, sums) ? ScoringFault::kNone : ScoringFault::kSheet;
}

}  // namespace

ptrdiff_t MemorySource::Read(std::span<uint8_t> into) {
  const size_t count = std::min(into.size(), rest_.size());
  std::copy_n(rest_.begin(), count, into.begin());
  rest_ = rest_.subspan(count);
  return static_cast<ptrdiff_t>(count);
}

ScoringOutcome ScoreExactly(ByteSource& predictions, ByteSource& sheet, ScoringBuffers& buffers) {
  ScoringOutcome outcome;
  std::array<uint8_t, kSheetHeaderSize> head;
  if (ReadFully(sheet, head)) outcome.header = DecodeSheetHeader(head);
  if (!outcome.header.has_value()) {
    outcome.fault = ScoringFault::kSheet;
    return outcome;
  }
  PredictionParser parser(outcome.header->scoring.format, outcome.header->rows);
  SplitSums sums(outcome.header->scoring);
  outcome.fault = ScoreRows(predictions, sheet, buffers, parser, sums);
  outcome.prediction_fault = parser.fault();
  outcome.rows_read = parser.row();
  if (outcome.fault != ScoringFault::kNone) return outcome;
  if (!SumsAgree(sums, *outcome.header) || !AtEnd(sheet)) {
    outcome.fault = ScoringFault::kSheet;
    return outcome;
  }
  outcome.scores = sums.Scores();
  return outcome;
}

std::optional<RunLevels> ScoreStream(ByteSource& predictions, ByteSource& sheet,
                                     ScoringBuffers& buffers) {
  const ScoringOutcome outcome = ScoreExactly(predictions, sheet, buffers);
  if (!outcome.scores.has_value()) return std::nullopt;
  const contest::LevelScale& scale = outcome.header->scoring.scale;
  return RunLevels{LevelOf(outcome.scores->public_score, scale),
                   LevelOf(outcome.scores->final_score, scale)};
}

}  // namespace pinhole::score
