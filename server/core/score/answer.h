// The scorer's answer: eight bytes, the only thing that comes back from it.
//
//   0  'L'   1  version, 1   2  status: 0 levels, 1 failed
//   3  u16 public level   5  u16 final level, little-endian; both 0 when failed
//   7  CRC-8 of bytes 0 to 6 (polynomial 0x07): any changed byte is noticed
//
// Evidence keeps these bytes, and reads them back through DecodeAnswer (decode_answer.h): there is
// no other way to make a Level from storage.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "server/core/score/level.h"

namespace pinhole::score {

inline constexpr size_t kAnswerSize = 8;

// Nothing means that the run failed.
std::array<uint8_t, kAnswerSize> EncodeAnswer(const std::optional<RunLevels>& levels);

// CRC-8 over all bytes but the last of an answer.
uint8_t AnswerCheck(std::span<const uint8_t, kAnswerSize> answer);

}  // namespace pinhole::score
