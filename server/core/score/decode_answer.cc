#include "server/core/score/decode_answer.h"

#include "absl/strings/str_format.h"
#include "server/core/score/answer.h"

namespace pinhole::score {

// The one friend of Level beside the leveller.
class AnswerReader {
 public:
  static RunLevels Levels(int public_level, int final_level) {
    return {Level(public_level), Level(final_level)};
  }
};

absl::StatusOr<std::optional<RunLevels>> DecodeAnswer(std::span<const uint8_t> bytes,
                                                      int level_count) {
  if (bytes.size() != kAnswerSize) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the scorer answered %d bytes, expected %d: treat the run as failed, and look whether "
        "pinhole-scorer was killed",
        bytes.size(), kAnswerSize));
  }
  const auto answer = bytes.first<kAnswerSize>();
  if (answer[0] != 'L' || answer[1] != 1 || answer[2] > 1 ||
      answer[kAnswerSize - 1] != AnswerCheck(answer)) {
    return absl::InvalidArgumentError(
        "the scorer's answer is not one: treat the run as failed, and check that pinhole-scorer is "
        "of the same build");
  }
  const int public_level = answer[3] | answer[4] << 8;
  const int final_level = answer[5] | answer[6] << 8;
  if (answer[2] == 1) {
    if (public_level != 0 || final_level != 0) {
      return absl::InvalidArgumentError(
          "the scorer's answer says failed and has levels: treat the run as failed");
    }
    return std::optional<RunLevels>();
  }
  if (public_level > level_count || final_level > level_count) {
    return absl::InvalidArgumentError(
        "the scorer's answer has a level that the contest has not: treat the run as failed");
  }
  return std::optional<RunLevels>(AnswerReader::Levels(public_level, final_level));
}

}  // namespace pinhole::score
