// Reads a run's output, byte by hostile byte, as exactly n predictions (MODEL.md, "Predictions").
//
// Text is one number a line, LF or CRLF, the last newline optional; binary is "PINHOLE1" and then n
// little-endian f32 or f64. Nothing else is accepted: no space, no empty line, no byte after row n.
// Output may arrive in pieces of any size. No memory is taken, ever; one thread a parser.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/core/contest/scoring.h"
#include "server/core/score/fixed_point.h"

namespace pinhole::score {

inline constexpr std::string_view kBinaryMagic = "PINHOLE1";

// What is wrong with an output. Only a rehearsal says which; a real run says "failed".
enum class PredictionFault {
  kNone,
  kNotANumber,   // a line that is not one number of the grammar
  kLineTooLong,  // no line end within 40 characters and CRLF
  kTooManyRows,  // a byte after row n
  kTooFewRows,
  kNotFinite,   // NaN or an infinity in a binary output
  kBadMagic,    // a binary output that does not begin with "PINHOLE1"
  kTornNumber,  // a binary output that ends inside a number
};

class PredictionParser {
 public:
  // Expects exactly `rows` rows.
  PredictionParser(contest::PredictionFormat format, uint64_t rows)
      : format_(format), rows_(rows) {}

  struct Progress {
    size_t consumed = 0;  // bytes taken
    size_t written = 0;   // values written to `out`, rows row() - written ... row() - 1
  };

  // Takes bytes until there are no more, or `out` is full, or a fault is found. The rest belongs at
  // the front of the next call. After a fault it takes nothing.
  Progress Feed(std::span<const uint8_t> bytes, std::span<int64_t> out);

  // The output has ended: writes the last row when its newline was left out, and checks the count.
  // Needs out.size() >= 1. Returns the number of values written.
  size_t Finish(std::span<int64_t> out);

  PredictionFault fault() const { return fault_; }
  // Rows read so far; at a fault, the row (from 0) that it is in.
  uint64_t row() const { return row_; }

 private:
  // The longest line, its CRLF included.
  static constexpr size_t kMaxLine = kMaxNumberLength + 2;

  Progress FeedText(std::span<const uint8_t> bytes, std::span<int64_t> out);
  Progress FeedBinary(std::span<const uint8_t> bytes, std::span<int64_t> out);
  // Both return the bytes taken.
  size_t FillPending(std::span<const uint8_t> bytes, size_t size);
  size_t CompleteLine(std::span<const uint8_t> bytes, std::span<int64_t> out, size_t* written);
  void TakeValues(const uint8_t* bytes, size_t count, int64_t* out, size_t* written);

  const contest::PredictionFormat format_;
  const uint64_t rows_;
  uint64_t row_ = 0;
  PredictionFault fault_ = PredictionFault::kNone;
  bool magic_seen_ = false;
  // The piece of a line or number whose end has not come yet.
  std::array<uint8_t, kMaxLine> pending_ = {};
  size_t pending_size_ = 0;
};

}  // namespace pinhole::score
