// Attacks on everything but the symbol (CHANNEL.md sections 2.1 and 2.2): one secret bit a trial
// decides how two runs go, and a decoder looks at all that is public. Nothing is declared to leave:
// the gate is mute, or what the runs reach does not depend on the secret.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sandbox/box.h"
#include "server/vault/evidence_record.h"
#include "tests/redteam/gate_of_test.h"

namespace pinhole::redteam {

using Random = std::mt19937_64;

// How one run went.
struct Run {
  int level = 0;  // what it reached; below 0: it failed
  int final_level = 0;
  bool answered = true;  // false: nothing came back at all
  int64_t wall_ms = 1000;
  sandbox::Outcome outcome = sandbox::Outcome::kExited;
  // What it would reach if it ran, or was scored, once more.
  std::optional<int> second = std::nullopt;
};
using Pair = std::array<Run, 2>;

// One defence of the server undone, in the test's own drive of it.
enum class Mutant {
  kNone,
  kGateOpen,
  kReasonShown,
  kNoResultOfACrash,
  kReleasedAtCompletion,
  kStartsWhenOthersEnd,
  kFailedRunIsNoTry,
  kRunsAgainAfterACrash,
  kRescored,
  kTiesByFinish,
  kBalanceByOutcome,
  kExactScoreAsText,
  kUnpadded,
  kGateAtCompletion,
  kLastAnswerCounts,
};

struct Attack {
  const char* number;  // "A2"
  const char* encoder;
  GateMode gate;
  bool one_team;  // both runs are of one team; else of a team each
  // `base` is a level that improves, as the one above it does after it. Takes as much of `noise`
  // whatever the secret.
  Pair (*play)(bool secret, int base, Random& noise);
  Mutant mutant;
  const char* undone;  // the defence that the mutant lacks
};

const std::vector<Attack>& Attacks();

struct Measured {
  int64_t trials = 0;
  int64_t successes = 0;
  double rate = 0;
  double information = 0;  // bits a trial
  bool alarm = false;
  size_t views = 0;  // different ones: few, or the decoder could learn nothing
};

// Plays at least so many trials.
Measured Measure(const Attack& attack, Mutant mutant, int64_t trials, uint64_t seed);

// Whether all bytes of the ledger are the same when every secret bit is the other one.
bool SameBytesForTheOtherSecrets(const Attack& attack, uint64_t seed);

}  // namespace pinhole::redteam
