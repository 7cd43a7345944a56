#include "server/core/score/sheet.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/core/score/wide.h"

namespace pinhole::score {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::array<uint8_t, 8> kMagic = {'P', 'I', 'N', 'S', 'H', 'E', 'E', 'T'};
constexpr uint16_t kVersion = 2;
constexpr size_t kReservedAt = 96;
constexpr size_t kCheckAt = 120;

template <typename T>
void Put(std::span<uint8_t> bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

template <typename T>
T Get(std::span<const uint8_t> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

// FNV-1a, 64 bit: against a torn or mixed-up file, not against an enemy.
uint64_t CheckSum(std::span<const uint8_t> bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

// What Check asks of the weights alone.
SheetFault CheckWeights(const SheetHeader& header) {
  if (header.scoring.weights == contest::RowWeights::kEqual) {
    return header.weight == 0 && header.public_weight == 0 ? SheetFault::kNone
                                                           : SheetFault::kWeights;
  }
  constexpr uint64_t kMost = UINT32_MAX;
  if (header.public_weight > header.weight) return SheetFault::kWeights;
  // 2^32 rows of 2^32 - 1 each still fit 64 bits.
  const uint64_t final_rows = header.rows - header.public_rows;
  const uint64_t final_weight = header.weight - header.public_weight;
  if (header.public_weight > header.public_rows * kMost || final_weight > final_rows * kMost) {
    return SheetFault::kWeights;
  }
  if (header.public_weight == 0 || (final_rows > 0 && final_weight == 0)) {
    return SheetFault::kNoWeight;
  }
  return SheetFault::kNone;
}

bool ValueInReach(int64_t value) { return value >= 0 && value <= kMaxRangeEnd; }

// The rules of contest::Validate that scoring relies on, without its texts.
bool ScoringHolds(const contest::Scoring& scoring) {
  if (scoring.range_low < -kMaxRangeEnd || scoring.range_high > kMaxRangeEnd ||
      scoring.range_low >= scoring.range_high) {
    return false;
  }
  const contest::LevelScale& scale = scoring.scale;
  if (!ValueInReach(scale.best) || !ValueInReach(scale.worst) || scale.step <= 0) return false;
  const bool lower_is_better = !contest::HigherIsBetter(scoring.metric);
  if (scale.best == scale.worst || lower_is_better != (scale.best < scale.worst)) return false;
  const int64_t span = std::max(scale.best, scale.worst) - std::min(scale.best, scale.worst);
  return span % scale.step == 0 && span / scale.step < contest::kMaxLevels;
}

}  // namespace

SheetFault Check(const SheetHeader& header) {
  if (!ScoringHolds(header.scoring)) return SheetFault::kScoring;
  if (header.rows == 0 || header.public_rows == 0) return SheetFault::kNoRows;
  if (header.rows > kMaxSheetRows || header.public_rows > header.rows) {
    return SheetFault::kTooManyRows;
  }
  if (const SheetFault fault = CheckWeights(header); fault != SheetFault::kNone) return fault;
  const bool equal = header.scoring.weights == contest::RowWeights::kEqual;
  const Wide width = static_cast<Wide>(header.scoring.range_high - header.scoring.range_low);
  Wide sum;
  if (__builtin_mul_overflow(width * width, static_cast<Wide>(equal ? header.rows : header.weight),
                             &sum)) {
    return SheetFault::kTooWide;
  }
  return SheetFault::kNone;
}

std::array<uint8_t, kSheetHeaderSize> EncodeSheetHeader(const SheetHeader& header) {
  std::array<uint8_t, kSheetHeaderSize> bytes = {};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  Put(bytes, 8, kVersion);
  Put(bytes, 10, static_cast<uint8_t>(header.scoring.metric));
  Put(bytes, 11, static_cast<uint8_t>(header.scoring.format));
  Put(bytes, 12, static_cast<uint8_t>(header.scoring.weights));
  Put(bytes, 16, header.scoring.range_low);
  Put(bytes, 24, header.scoring.range_high);
  Put(bytes, 32, header.scoring.scale.best);
  Put(bytes, 40, header.scoring.scale.worst);
  Put(bytes, 48, header.scoring.scale.step);
  Put(bytes, 56, header.rows);
  Put(bytes, 64, header.public_rows);
  Put(bytes, 72, header.label_sum);
  Put(bytes, 80, header.weight);
  Put(bytes, 88, header.public_weight);
  Put(bytes, kCheckAt, CheckSum(std::span(bytes).first(kCheckAt)));
  return bytes;
}

std::array<uint8_t, kSheetRecordSize> EncodeSheetRow(const SheetRow& row) {
  std::array<uint8_t, kSheetRecordSize> bytes;
  Put(bytes, 0, row.label);
  Put(bytes, 8, static_cast<uint8_t>(row.set));
  Put(bytes, 9, row.weight);
  return bytes;
}

SheetRow DecodeSheetRow(std::span<const uint8_t, kSheetRecordSize> bytes) {
  return {.label = Get<int64_t>(bytes, 0),
          .set = static_cast<RowSet>(bytes[8]),
          .weight = Get<uint32_t>(bytes, 9)};
}

std::optional<SheetHeader> DecodeSheetHeader(std::span<const uint8_t, kSheetHeaderSize> bytes) {
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) return std::nullopt;
  if (Get<uint64_t>(bytes, kCheckAt) != CheckSum(bytes.first<kCheckAt>())) return std::nullopt;
  if (Get<uint16_t>(bytes, 8) != kVersion || Get<uint32_t>(bytes, 12) > 1) return std::nullopt;
  const auto reserved = bytes.subspan(kReservedAt, kCheckAt - kReservedAt);
  if (std::any_of(reserved.begin(), reserved.end(), [](uint8_t byte) { return byte != 0; })) {
    return std::nullopt;
  }
  if (bytes[10] >= contest::kMetricCount ||
      bytes[11] > static_cast<uint8_t>(contest::PredictionFormat::kF64)) {
    return std::nullopt;
  }
  SheetHeader header;
  header.scoring.metric = static_cast<contest::Metric>(bytes[10]);
  header.scoring.format = static_cast<contest::PredictionFormat>(bytes[11]);
  header.scoring.weights = static_cast<contest::RowWeights>(bytes[12]);
  header.scoring.range_low = Get<int64_t>(bytes, 16);
  header.scoring.range_high = Get<int64_t>(bytes, 24);
  header.scoring.scale.best = Get<int64_t>(bytes, 32);
  header.scoring.scale.worst = Get<int64_t>(bytes, 40);
  header.scoring.scale.step = Get<int64_t>(bytes, 48);
  header.rows = Get<uint64_t>(bytes, 56);
  header.public_rows = Get<uint64_t>(bytes, 64);
  header.label_sum = Get<uint64_t>(bytes, 72);
  header.weight = Get<uint64_t>(bytes, 80);
  header.public_weight = Get<uint64_t>(bytes, 88);
  if (Check(header) != SheetFault::kNone) return std::nullopt;
  return header;
}

}  // namespace pinhole::score
