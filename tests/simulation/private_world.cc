#include "tests/simulation/private_world.h"

#include "server/core/score/answer.h"

namespace pinhole::simulation {
namespace {

// Bytes that say "failed", or that no scorer that is itself would write.
vault::Answer FailedAnswer(Random& random, int level_count) {
  switch (random.Below(5)) {
    case 0:
      return score::EncodeAnswer(std::nullopt);
    case 1:
      return vault::Answer{};
    case 2:
      return AnswerOf(level_count + 1, 0);
    case 3: {
      vault::Answer torn = AnswerOf(0, 0);
      torn[3] ^= 1;
      return torn;
    }
    default: {
      vault::Answer noise{};
      for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random.Next());
      noise[0] = 'X';
      return noise;
    }
  }
}

vault::RunEvidence DrawEvidence(Random& random, bool failed, int64_t wall_ms) {
  vault::RunEvidence evidence;
  constexpr std::string_view kOutcomes[] = {"exited", "signalled", "deadline", "limit"};
  evidence.outcome = std::string(kOutcomes[failed ? random.Below(4) : 0]);
  evidence.exit_code = failed ? random.Below(256) : 0;
  evidence.signal = failed && random.OneIn(2) ? random.Between(1, 31) : 0;
  evidence.wall_micros = wall_ms * 1000 + random.Below(1000);
  evidence.cpu_micros = random.Below(evidence.wall_micros + 1);
  evidence.peak_memory_bytes = random.Below(int64_t{1} << 34);
  evidence.output_bytes = random.Below(4097);
  for (uint8_t& byte : evidence.output) byte = static_cast<uint8_t>(random.Next());
  return evidence;
}

}  // namespace

vault::Answer AnswerOf(int public_level, int final_level) {
  vault::Answer answer = {'L',
                          1,
                          0,
                          static_cast<uint8_t>(public_level),
                          static_cast<uint8_t>(public_level >> 8),
                          static_cast<uint8_t>(final_level),
                          static_cast<uint8_t>(final_level >> 8),
                          0};
  answer.back() = score::AnswerCheck(answer);
  return answer;
}

Fate DrawFateOf(Random& random, std::optional<int> level, int level_count, int64_t wall_ms) {
  Fate fate{.wall_ms = random.Between(1, wall_ms)};
  fate.answer = level.has_value()
                    ? AnswerOf(*level, static_cast<int>(random.Between(0, level_count)))
                    : FailedAnswer(random, level_count);
  fate.evidence = DrawEvidence(random, !level.has_value(), fate.wall_ms);
  return fate;
}

Fate DrawFate(Random& random, int level_count, int64_t wall_ms) {
  std::optional<int> level;
  if (!random.OneIn(5)) level = static_cast<int>(random.Between(0, level_count));
  return DrawFateOf(random, level, level_count, wall_ms);
}

}  // namespace pinhole::simulation
