// The policy of a contest: every setting that decides what may leave, as plain values. It is data:
// signed, public, and the same for gate, charge and audit (CHANNEL.md section 5.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/contest/level_scale.h"

namespace pinhole::contest {

// What the bit bound holds against (DESIGN.md, promise 6).
enum class Deployment { kOneMachine, kTwoMachine };
// kMatches counts rows predicted exactly: its unit is one row, and more is better.
enum class Metric { kRmse, kMae, kMatches };
// kEqual counts every row once; kColumn takes each row's weight from the data set's weight column.
enum class RowWeights { kEqual, kColumn };
enum class PredictionFormat { kText, kF32, kF64 };
enum class ReleaseRule { kEveryScore, kImprovements };
// What is shown of the final set when the contest closes.
enum class FinalRule { kNone };

std::string_view Name(Deployment value);        // "one-machine", "two-machine"
std::string_view Name(Metric value);            // "rmse", "mae", "matches"
std::string_view Name(RowWeights value);        // "equal", "column"
std::string_view Name(PredictionFormat value);  // "text", "f32", "f64"
std::string_view Name(ReleaseRule value);       // "every-score", "improvements"
std::string_view Name(FinalRule value);         // "none"
// Errors: INVALID_ARGUMENT that lists the words there are.
absl::StatusOr<Deployment> ParseDeployment(std::string_view text);
absl::StatusOr<Metric> ParseMetric(std::string_view text);
absl::StatusOr<RowWeights> ParseRowWeights(std::string_view text);
absl::StatusOr<PredictionFormat> ParsePredictionFormat(std::string_view text);
absl::StatusOr<ReleaseRule> ParseReleaseRule(std::string_view text);
absl::StatusOr<FinalRule> ParseFinalRule(std::string_view text);

// How predictions become an exact number and that number a level. Labels and predictions are
// integers of 10^-6 of the label's unit; predictions outside [range_low, range_high] are clipped to
// it.
struct Scoring {
  Metric metric = Metric::kRmse;
  PredictionFormat format = PredictionFormat::kText;
  RowWeights weights = RowWeights::kEqual;
  int64_t range_low = 0;   // millionths
  int64_t range_high = 0;  // millionths
  LevelScale scale;
  bool operator==(const Scoring&) const = default;
};

struct Release {
  ReleaseRule rule = ReleaseRule::kImprovements;
  int tries = 0;           // submissions of a team, 1 to 100,000
  int shown_scores = 0;    // scores a team may be shown; `improvements` only
  int shown_failures = 0;  // failures a team may be shown as such; `improvements` only
  int min_gain = 1;        // levels a score must gain on the best shown
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

struct Policy {
  std::string contest;  // an id (IsId)
  int version = 1;
  Deployment deployment = Deployment::kOneMachine;
  Scoring scoring;
  // Bits charged to the data set because `worst` was taken from the data (the baseline), in
  // thousandths; 0 when declared.
  int64_t baseline_thousandths = 0;
  Release release;
  Rounds rounds;
  Limits limits;
  PublicKey organizer;
  bool operator==(const Policy&) const = default;
};

// Time at the end of a run window for killing, reaping and scoring the last run of a lane.
inline constexpr int64_t kSettleMs = 1500;

// Errors: INVALID_ARGUMENT or FAILED_PRECONDITION that names the settings at odds and what to
// change.
absl::Status Validate(const Policy& policy);

// Runs one lane can be sure to do in one run window: floor(run window / (wall + settle)).
int RunsPerLane(const Policy& policy);

}  // namespace pinhole::contest
