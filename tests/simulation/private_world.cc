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

Digest DrawDigest(Random& random) {
  Digest digest;
  for (uint8_t& byte : digest) byte = static_cast<uint8_t>(random.Next());
  return digest;
}

vault::RunEvidence DrawEvidence(Random& random, bool failed, int64_t wall_ms) {
  using sandbox::Outcome;
  constexpr Outcome kFailures[] = {
      Outcome::kExited,        Outcome::kSignaled,      Outcome::kWallLimit,
      Outcome::kCpuLimit,      Outcome::kMemoryLimit,   Outcome::kOutputLimit,
      Outcome::kForbiddenCall, Outcome::kNotExecutable, Outcome::kSetupFailed};
  vault::RunEvidence evidence{.outcome = failed ? kFailures[random.Below(9)] : Outcome::kExited,
                              .exit_code = failed ? random.Below(256) : 0,
                              .signal = failed ? random.Below(32) : 0,
                              .wall_micros = wall_ms * 1000 + random.Below(1000),
                              .peak_memory_bytes = random.Below(int64_t{1} << 34),
                              .output_bytes = random.Below(4097),
                              .output = DrawDigest(random),
                              .box = DrawDigest(random)};
  evidence.cpu_micros = random.Below(evidence.wall_micros + 1);
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

Fate DrawFateOf(Random& random, const Ranges& ranges, std::optional<int> level,
                std::optional<int> final_level) {
  Fate fate{.wall_ms = random.Between(1, ranges.wall_ms)};
  const int drawn = static_cast<int>(random.Between(0, ranges.level_count));
  fate.answer = level.has_value() ? AnswerOf(*level, final_level.value_or(drawn))
                                  : FailedAnswer(random, ranges.level_count);
  fate.evidence = DrawEvidence(random, !level.has_value(), fate.wall_ms);
  return fate;
}

Fate DrawFate(Random& random, const Ranges& ranges) {
  std::optional<int> level;
  if (!random.OneIn(5)) level = static_cast<int>(random.Between(0, ranges.level_count));
  return DrawFateOf(random, ranges, level, std::nullopt);
}

}  // namespace pinhole::simulation
