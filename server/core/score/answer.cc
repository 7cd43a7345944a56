// The writing half, which the scorer links: no absl. The reading half is decode_answer.cc.
#include "server/core/score/answer.h"

namespace pinhole::score {

uint8_t AnswerCheck(std::span<const uint8_t, kAnswerSize> answer) {
  unsigned crc = 0;
  for (const uint8_t byte : answer.first<kAnswerSize - 1>()) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x80) != 0 ? ((crc << 1) ^ 0x07) : (crc << 1);
    crc &= 0xff;
  }
  return static_cast<uint8_t>(crc);
}

std::array<uint8_t, kAnswerSize> EncodeAnswer(const std::optional<RunLevels>& levels) {
  std::array<uint8_t, kAnswerSize> bytes = {'L', 1, 1};
  if (levels.has_value()) {
    const auto public_level = static_cast<uint16_t>(levels->public_level.index());
    const auto final_level = static_cast<uint16_t>(levels->final_level.index());
    bytes = {'L',
             1,
             0,
             static_cast<uint8_t>(public_level & 0xff),
             static_cast<uint8_t>(public_level >> 8),
             static_cast<uint8_t>(final_level & 0xff),
             static_cast<uint8_t>(final_level >> 8)};
  }
  bytes.back() = AnswerCheck(bytes);
  return bytes;
}

}  // namespace pinhole::score
