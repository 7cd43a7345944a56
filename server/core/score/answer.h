// The scorer's answer: eight bytes, the only thing that comes back from it.
//
//   0  'L'   1  version, 1   2  status: 0 levels, 1 failed
//   3  u16 public level   5  u16 final level, little-endian; both 0 when failed
//   7  CRC-8 of bytes 0 to 6 (polynomial 0x07): any changed byte is noticed
//
// Evidence keeps these bytes, and reads them back through DecodeAnswer: there is no other way to
// make a Level from storage.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "server/core/score/level.h"

namespace pinhole::score {

inline constexpr size_t kAnswerSize = 8;

// Nothing means that the run failed.
std::array<uint8_t, kAnswerSize> EncodeAnswer(const std::optional<RunLevels>& levels);

// A scorer that was taken over can say nothing but "failed" or two levels from 0 to level_count.
// Nothing means that the run failed. Errors: INVALID_ARGUMENT for any other bytes, to be treated as
// a failed run: they were written beside hostile bytes.
absl::StatusOr<std::optional<RunLevels>> DecodeAnswer(std::span<const uint8_t> bytes,
                                                      int level_count);

// CRC-8 over all bytes but the last of an answer.
uint8_t AnswerCheck(std::span<const uint8_t, kAnswerSize> answer);

}  // namespace pinhole::score
