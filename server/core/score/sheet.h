// The scoring sheet: labels and rules of a contest as the scorer reads them, from one stream.
//
// 128 bytes of header and then `rows` records of 13 bytes, in row order, and nothing after; all
// numbers are little-endian.
//
//   0  "PINSHEET"       8  u16 version, 2     10  u8 metric    11  u8 prediction format
//  12  u8 weights (0 equal, 1 column)         13  three zero bytes
//  16  i64 range_low   24  i64 range_high     32  i64 best     40  i64 worst   48  i64 step
//  56  u64 rows        64  u64 public_rows    72  u64 sum of all labels modulo 2^64
//  80  u64 weight      88  u64 public_weight  (thousandths; both 0 when weights are equal)
//  96  24 zero bytes  120  u64 FNV-1a of bytes 0 to 119
//
// A record is i64 label in millionths, u8 set (0 public, 1 final), u32 weight in thousandths (1000
// counts once), which is not looked at when weights are equal. This header needs no absl at link
// time, so that the scorer stays small; sheet_writer.h says what is wrong with a bad sheet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "server/core/contest/scoring.h"

namespace pinhole::score {

inline constexpr size_t kSheetHeaderSize = 128;
inline constexpr size_t kSheetRecordSize = 13;
// The weight of a row that counts once, in thousandths.
inline constexpr uint32_t kOneRow = 1000;
inline constexpr uint64_t kMaxSheetRows = uint64_t{1} << 32;
// Ends of a range, in millionths (contest::Validate allows no more).
inline constexpr int64_t kMaxRangeEnd = contest::kValueLimit;

enum class RowSet : uint8_t { kPublic = 0, kFinal = 1 };

struct SheetRow {
  int64_t label = 0;  // millionths, within the range
  RowSet set = RowSet::kPublic;
  uint32_t weight = kOneRow;  // thousandths
  bool operator==(const SheetRow&) const = default;
};

struct SheetHeader {
  contest::Scoring scoring;
  uint64_t rows = 0;
  uint64_t public_rows = 0;
  uint64_t label_sum = 0;  // modulo 2^64
  // Sums of weights in thousandths; both 0 when weights are equal.
  uint64_t weight = 0;
  uint64_t public_weight = 0;
  bool operator==(const SheetHeader&) const = default;
};

// The first rule that a sheet breaks.
enum class SheetFault {
  kNone,
  kScoring,      // what contest::Validate(policy) refuses about the scoring
  kNoRows,       // no rows, or none of them public
  kTooManyRows,  // more than kMaxSheetRows, or more public rows than rows
  kNoWeight,     // the public rows, or the final rows if there are any, weigh nothing
  kWeights,  // more public weight than weight, weights that no rows can have, or equal and given
  kTooWide,  // weight (rows when equal) * (range_high - range_low)^2 does not fit 128 bits
};
SheetFault Check(const SheetHeader& header);

std::array<uint8_t, kSheetHeaderSize> EncodeSheetHeader(const SheetHeader& header);
std::array<uint8_t, kSheetRecordSize> EncodeSheetRow(const SheetRow& row);
// Reads a record as it stands, also one whose set there is not.
SheetRow DecodeSheetRow(std::span<const uint8_t, kSheetRecordSize> bytes);

// Reads what EncodeSheetHeader writes, for a header that Check finds right; else nothing.
std::optional<SheetHeader> DecodeSheetHeader(std::span<const uint8_t, kSheetHeaderSize> bytes);

}  // namespace pinhole::score
