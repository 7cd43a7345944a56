// The policy of a contest: every setting that decides what may leave, as plain values. It is data:
// signed, public, and the same for gate, charge and audit (CHANNEL.md section 5.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/sha256.h"
#include "server/core/contest/scoring.h"
#include "server/core/note/cosignature.h"

namespace pinhole::contest {

// What the bit bound holds against (DESIGN.md, promise 6).
enum class Deployment { kOneMachine, kTwoMachine };
enum class ReleaseRule { kEveryScore, kImprovements, kRecords };
// What is shown of the final set when the contest closes.
enum class FinalRule { kNone, kWinner, kTop3, kEveryTeam };

// What the machine lacks that a box should have; the vault's owner named each on purpose.
struct Degraded {
  bool lane_users = false;  // boxes run under the vault's own user
  bool network = false;     // the vault could not leave the network
  bool cgroups = false;     // no control group limits a box's memory
  bool operator==(const Degraded&) const = default;
};

std::string_view Name(Deployment value);        // "one-machine", "two-machine"
std::string_view Name(Metric value);            // "rmse", "mse", "mae", "matches", …
std::string_view Name(RowWeights value);        // "equal", "column"
std::string_view Name(PredictionFormat value);  // "text", "f32", "f64"
std::string_view Name(ReleaseRule value);       // "every-score", "improvements", "records"
std::string_view Name(FinalRule value);         // "none", "winner", "top3", "every-team"
// Errors: INVALID_ARGUMENT that lists the words there are.
absl::StatusOr<Deployment> ParseDeployment(std::string_view text);
absl::StatusOr<Metric> ParseMetric(std::string_view text);
absl::StatusOr<RowWeights> ParseRowWeights(std::string_view text);
absl::StatusOr<PredictionFormat> ParsePredictionFormat(std::string_view text);
absl::StatusOr<ReleaseRule> ParseReleaseRule(std::string_view text);
absl::StatusOr<FinalRule> ParseFinalRule(std::string_view text);

// "none", or the modes with '+' between them in the order of the fields: "lane-users+cgroups".
std::string Name(const Degraded& value);
absl::StatusOr<Degraded> ParseDegraded(std::string_view text);

struct Release {
  ReleaseRule rule = ReleaseRule::kImprovements;
  int tries = 0;           // submissions of a team, 1 to 100,000
  int tries_per_day = 0;   // of these in any 24 h of rounds; 0: as many as there are
  int shown_scores = 0;    // scores a team may be shown, of `records` all teams; not `every-score`
  int shown_failures = 0;  // failures a team may be shown as such; not `every-score`
  int min_gain = 1;        // levels a score must gain on the best shown, of `records` to anyone
  int waiting = 2;         // unreleased submissions a team may have at a time
  int teams = 0;           // the most teams there can be
  FinalRule final_rule = FinalRule::kNone;
  int64_t acts_thousandths = 0;  // bits for acts and shifts, in thousandths
  bool operator==(const Release&) const = default;
};

// Rounds are numbered from 1; round r without shifts begins at origin + (r-1)·length. A round is a
// run window and then an exchange window.
struct Rounds {
  int64_t origin_ms = 0;      // Unix time of round 1
  int64_t length_ms = 0;      // whole seconds
  int64_t run_window_ms = 0;  // < length_ms
  int64_t count = 0;          // the contest closes in the exchange of this round
  int lanes = 1;              // runs at a time
  int64_t settle_ms = 0;      // SettleMs of the data set's rows, kept free after each run
  int max_shift = 0;          // rounds one SHIFT may move
  bool operator==(const Rounds&) const = default;
};

// What a program may use. All are shown before anybody submits.
struct Limits {
  int64_t wall_ms = 0;
  int64_t cpu_seconds = 0;
  int64_t memory_bytes = 0;
  int threads = 0;
  int64_t output_bytes = 0;
  int64_t scratch_bytes = 0;
  int64_t program_bytes = 0;
  bool operator==(const Limits&) const = default;
};

// Who must have seen a head before the entries under it leave the vault.
struct Witnesses {
  std::vector<WitnessVerifier> verifiers;  // at most kMostWitnesses; none: nobody is asked
  int quorum = 0;                          // so many of them, more than half; 0 without any
  // The beginning of the chain that the contest's ROUNDs go on with (core/log/blinding.h); zeros
  // without witnesses.
  Digest blinding{};
  bool asked() const { return quorum > 0; }
  bool operator==(const Witnesses&) const = default;
};
inline constexpr int kMostWitnesses = 15;

struct Policy {
  std::string contest;  // an id (IsId)
  int version = 1;
  Deployment deployment = Deployment::kOneMachine;
  Degraded degraded;
  Scoring scoring;
  // Bits charged to the data set because `worst` was taken from the data (the baseline), in
  // thousandths; 0 when declared.
  int64_t baseline_thousandths = 0;
  // What the owner declares one row to hold, for statements such as "as much as N rows".
  int bits_per_row = 64;
  Release release;
  Rounds rounds;
  Limits limits;
  Witnesses witnesses;
  PublicKey organizer;
  bool operator==(const Policy&) const = default;
};

// Time after each run of a lane for killing, reaping, hashing its output and scoring it: the least
// of it, and the slowest rate of rows that is counted on besides. Scoring alone was measured at 44
// to 75 million rows of text a second on one core of a busy machine.
inline constexpr int64_t kSettleMs = 1500;
inline constexpr int64_t kSlowestTextRowsPerMs = 1000;
inline constexpr int64_t kSlowestBinaryRowsPerMs = 2000;

// The shortest exchange window, and the slowest rate at which a program is counted on to cross it
// and be stored (the pipe moves frames of 4 KiB that both sides hash).
inline constexpr int64_t kShortestExchangeMs = 1000;
inline constexpr int64_t kSlowestPipeBytesPerMs = 20'000;

// A function of declared values alone, so that auditors find the same. `rows` is of the rows to
// predict, public and final.
int64_t SettleMs(PredictionFormat format, int64_t rows);

// Runs one lane can be sure to do in one run window: floor(run window / (wall + settle)).
int RunsPerLane(const Policy& policy);

// The whole seconds that all threads together can use in the wall time, rounded up.
int64_t MostCpuSeconds(const Limits& limits);

// Rounds that last 24 hours or a little more: the window of tries_per_day.
int64_t RoundsPerDay(const Rounds& rounds);

}  // namespace pinhole::contest
