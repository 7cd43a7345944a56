#include "tests/redteam/attacks.h"

namespace pinhole::redteam {
namespace {

constexpr int64_t kLongWallMs = 9'900;
constexpr int64_t kShortWallMs = 10;

// Two runs that reach the same and the next level, whatever the secret.
Pair Quiet(int base) { return {Run{.level = base}, Run{.level = base - 1}}; }

Pair Levels(bool secret, int base, Random&) {
  return {Run{.level = secret ? base : base - 1}, Run{.level = base}};
}

Pair FailureKinds(bool secret, int base, Random& noise) {
  constexpr std::array kKinds = {sandbox::Outcome::kWallLimit, sandbox::Outcome::kSignaled,
                                 sandbox::Outcome::kMemoryLimit};
  const size_t kind = noise() % kKinds.size();
  Pair pair = Quiet(base);
  pair[0] = {.level = -1, .outcome = secret ? kKinds[kind] : sandbox::Outcome::kOutputLimit};
  return pair;
}

Pair Crash(bool secret, int base, Random&) {
  Pair pair = Quiet(base);
  if (secret) pair[0] = {.level = -1, .answered = false, .outcome = sandbox::Outcome::kSignaled};
  return pair;
}

Pair RunTime(bool secret, int base, Random&) {
  Pair pair = Quiet(base);
  pair[0].wall_ms = secret ? kLongWallMs : kShortWallMs;
  return pair;
}

// The first run is the sender, the second the probe of another team.
Pair QueueDelay(bool secret, int base, Random& noise) {
  Pair pair = RunTime(secret, base, noise);
  pair[1].wall_ms = 5'000;
  return pair;
}

Pair FailsOrNot(bool secret, int base, Random&) {
  Pair pair = Quiet(base);
  if (secret) pair[0] = {.level = -1};
  return pair;
}

Pair SecondScore(bool secret, int base, Random&) {
  Pair pair = Quiet(base);
  pair[0].second = secret ? 0 : 1;
  return pair;
}

// Both teams reach one level, and one of them ends first.
Pair Tie(bool secret, int base, Random&) {
  return {Run{.level = base, .wall_ms = secret ? kLongWallMs : kShortWallMs},
          Run{.level = base, .wall_ms = 5'000}};
}

// One level, and everything beside it by the secret.
Pair BesideTheLevel(bool secret, int base, Random&) {
  return {Run{.level = base, .final_level = secret ? 0 : 7, .wall_ms = secret ? 2000 : 3000},
          Run{.level = base - 1}};
}

Pair LevelsOfOtherLengths(bool secret, int base, Random&) {
  // 0.5 and 0.505 are level 99 and 100.
  return {Run{.level = secret ? 99 : 100}, Run{.level = base}};
}

Pair Order(bool secret, int base, Random&) {
  Pair pair = Quiet(base);
  pair[0].wall_ms = secret ? kLongWallMs : kShortWallMs;
  pair[1].wall_ms = 5'000;
  return pair;
}

// A model draws one of two levels and kills the vault when the draw is not the secret; what it
// would draw then it likes.
Pair Redraw(bool secret, int base, Random& noise) {
  const bool drawn = (noise() & 1) != 0;
  Pair pair = Quiet(base - 1);
  pair[0].level = drawn ? base : base - 1;
  pair[0].second = secret ? base : base - 1;
  pair[1].level = -1;
  return pair;
}

}  // namespace

const std::vector<Attack>& Attacks() {
  static const std::vector<Attack> all = {
      {"A1", "one of two levels", GateMode::kMute, false, Levels, Mutant::kGateOpen,
       "the gate (it is not mute)"},
      {"A2", "one of three kinds of failure, or another", GateMode::kMute, false, FailureKinds,
       Mutant::kReasonShown, "one symbol for all failures"},
      {"A3", "dies without an answer, or not", GateMode::kMute, false, Crash,
       Mutant::kNoResultOfACrash, "one RESULT for each ADMIT"},
      {"A5", "runs for 10 ms or for 9,900 ms", GateMode::kShipped, false, RunTime,
       Mutant::kReleasedAtCompletion, "exchanges on the clock's grid"},
      {"A6", "runs long or short before another team's probe", GateMode::kShipped, false,
       QueueDelay, Mutant::kStartsWhenOthersEnd, "rounds by the place in the queue"},
      {"A7", "fails or not before a script of requests, good and bad", GateMode::kMute, false,
       FailsOrNot, Mutant::kFailedRunIsNoTry, "answers from the public ledger"},
      {"A12", "fails or not, and is submitted again", GateMode::kMute, false, FailsOrNot,
       Mutant::kRunsAgainAfterACrash, "the same program has one run"},
      {"A14", "another level when it is scored again", GateMode::kShipped, false, SecondScore,
       Mutant::kRescored, "a level once committed is final"},
      {"A15", "ends before or after a team with the same level", GateMode::kShipped, false, Tie,
       Mutant::kTiesByFinish, "ties by the ledger's order"},
      {"A16", "improves or fails, which the balance might tell", GateMode::kMute, false, FailsOrNot,
       Mutant::kBalanceByOutcome, "the balance follows from symbols shown"},
      {"A18", "the same level by another score", GateMode::kShipped, false, BesideTheLevel,
       Mutant::kExactScoreAsText, "a symbol has one spelling"},
      {"A19", "levels whose texts differ in length", GateMode::kMute, false, LevelsOfOtherLengths,
       Mutant::kUnpadded, "entries of constant length"},
      {"A25", "its first run ends after its second, or before", GateMode::kShipped, true, Order,
       Mutant::kGateAtCompletion, "the gate works in the ledger's order"},
      {"A26", "kills the vault after a level that is not the secret", GateMode::kShipped, false,
       Redraw, Mutant::kLastAnswerCounts, "a level once committed is final"},
  };
  return all;
}

}  // namespace pinhole::redteam
