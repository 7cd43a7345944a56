// One run's output and the sheet, read side by side from two streams, in fixed memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "server/core/score/level.h"
#include "server/core/score/predictions.h"
#include "server/core/score/raw_score.h"
#include "server/core/score/sheet.h"

namespace pinhole::score {

// Where bytes come from: a descriptor in the scorer, memory in tests and rehearsals.
class ByteSource {
 public:
  // Fills the front of `into` and returns how many bytes; 0 at the end of the stream, below 0 when
  // reading failed. Needs into.size() > 0.
  virtual ptrdiff_t Read(std::span<uint8_t> into) = 0;

 protected:
  ~ByteSource() = default;
};

// Bytes in memory, borrowed.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const uint8_t> bytes) : rest_(bytes) {}
  ptrdiff_t Read(std::span<uint8_t> into) override;

 private:
  std::span<const uint8_t> rest_;
};

// All the memory that scoring uses, about 134 KiB: static in the scorer, too large for a stack.
struct ScoringBuffers {
  static constexpr size_t kBatch = 4096;  // rows
  std::array<uint8_t, size_t{64} * 1024> predictions;
  std::array<int64_t, kBatch> values;
  std::array<uint8_t, kBatch * kSheetRecordSize> records;
};

enum class ScoringFault {
  kNone,
  kSheet,        // the sheet is not a sheet, is torn, or contradicts its header
  kPredictions,  // the output is not n predictions; `prediction_fault` says why
  kRead,         // a source failed
};

struct ScoringOutcome {
  ScoringFault fault = ScoringFault::kNone;
  PredictionFault prediction_fault = PredictionFault::kNone;
  uint64_t rows_read = 0;             // with a prediction fault, the row (from 0) it is in
  std::optional<SheetHeader> header;  // once it was read
  std::optional<SplitScores> scores;  // only without a fault
};

// Reads both streams to their ends, or to the first fault. Takes no memory.
ScoringOutcome ScoreExactly(ByteSource& predictions, ByteSource& sheet, ScoringBuffers& buffers);

// As ScoreExactly, and only the levels; nothing for every fault.
std::optional<RunLevels> ScoreStream(ByteSource& predictions, ByteSource& sheet,
                                     ScoringBuffers& buffers);

}  // namespace pinhole::score
