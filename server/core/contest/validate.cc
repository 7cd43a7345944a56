#include "server/core/contest/validate.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/contest/refuse.h"

namespace pinhole::contest {
namespace {

constexpr int64_t kMillion = 1'000'000;

template <typename Shape>
bool HasWeight(const Shape& shape) {
  if constexpr (requires { shape.weight; }) return !shape.weight.empty();
  return false;
}

absl::Status CheckShown(const Release& release, const LevelScale& scale) {
  if (release.rule == ReleaseRule::kEveryScore) {
    if (release.shown_scores == 0 && release.shown_failures == 0 && release.min_gain == 1) {
      return absl::OkStatus();
    }
    return Refuse(
        "release.rule every-score shows everything, and release.shown_scores %d, "
        "release.shown_failures %d, release.min_gain %d say what is not shown: remove them",
        release.shown_scores, release.shown_failures, release.min_gain);
  }
  RETURN_IF_ERROR(CheckIn("release.shown_scores", release.shown_scores, 1, 100'000));
  RETURN_IF_ERROR(CheckIn("release.shown_failures", release.shown_failures, 0, 100'000));
  const bool shared = release.rule == ReleaseRule::kRecords;
  if (shared && release.shown_scores > int64_t{release.tries} * release.teams) {
    return Refuse(
        "release.shown_scores is %d and all tries of release.rule records only %d, release.teams "
        "%d times release.tries %d: show at most as many",
        release.shown_scores, int64_t{release.tries} * release.teams, release.teams, release.tries);
  }
  if (!shared && release.shown_scores > release.tries) {
    return Refuse("release.shown_scores is %d and release.tries only %d: show at most as many",
                  release.shown_scores, release.tries);
  }
  if (release.shown_failures > release.tries) {
    return Refuse("release.shown_failures is %d and release.tries only %d: show at most as many",
                  release.shown_failures, release.tries);
  }
  if (release.min_gain >= scale.level_count()) {
    return Refuse(
        "release.min_gain is %d levels, and score.step makes only %d from score.best to "
        "score.worst: no second score could ever be shown",
        release.min_gain, scale.level_count());
  }
  if (release.shown_scores > scale.MostGains(release.min_gain)) {
    return Refuse(
        "release.shown_scores is %d, and of the %d levels from score.best to score.worst "
        "release.min_gain %d lets at most %d be shown one after the other: show at most as many",
        release.shown_scores, scale.level_count(), release.min_gain,
        scale.MostGains(release.min_gain));
  }
  return absl::OkStatus();
}

absl::Status CheckTries(const Release& release, const Rounds& rounds) {
  if (release.waiting > release.tries) {
    return Refuse("release.waiting is %d and release.tries only %d: no more can ever wait",
                  release.waiting, release.tries);
  }
  RETURN_IF_ERROR(CheckIn("release.tries_per_day", release.tries_per_day, 0, 100'000));
  if (release.tries_per_day == 0) return absl::OkStatus();
  if (release.tries_per_day > release.tries) {
    return Refuse("release.tries_per_day is %d and release.tries only %d: it would limit nothing",
                  release.tries_per_day, release.tries);
  }
  const int64_t per_day = RoundsPerDay(rounds);
  const int64_t days = (rounds.count + per_day - 1) / per_day;
  if (release.tries_per_day * days < release.tries) {
    return Refuse(
        "release.tries is %d, and release.tries_per_day %d allows %d in the %d day(s) of "
        "rounds.duration: the rest could never be used",
        release.tries, release.tries_per_day, release.tries_per_day * days, days);
  }
  return absl::OkStatus();
}

absl::Status ValidateRelease(const Policy& policy) {
  const Release& release = policy.release;
  RETURN_IF_ERROR(CheckIn("release.tries", release.tries, 1, 100'000));
  RETURN_IF_ERROR(CheckIn("release.waiting", release.waiting, 1, 1000));
  RETURN_IF_ERROR(CheckIn("release.teams", release.teams, 1, 100'000));
  RETURN_IF_ERROR(CheckIn("release.min_gain", release.min_gain, 1, kMaxLevels));
  RETURN_IF_ERROR(
      CheckIn("release.acts_bits (thousandths)", release.acts_thousandths, 0, 1'000'000'000));
  RETURN_IF_ERROR(CheckShown(release, policy.scoring.scale));
  return CheckTries(release, policy.rounds);
}

absl::Status ValidateRounds(const Rounds& rounds) {
  constexpr int64_t kWeekMs = int64_t{7} * 24 * 3600 * 1000;
  RETURN_IF_ERROR(CheckIn("rounds.length (ms)", rounds.length_ms, 2000, kWeekMs));
  if (rounds.length_ms % 1000 != 0 || rounds.run_window_ms % 100 != 0 ||
      rounds.origin_ms % 1000 != 0) {
    return Refuse(
        "rounds.length %d ms and its start are whole seconds, rounds.run_window %d ms whole tenths",
        rounds.length_ms, rounds.run_window_ms);
  }
  RETURN_IF_ERROR(CheckIn("rounds.run_window (ms)", rounds.run_window_ms, 500, kWeekMs));
  if (rounds.run_window_ms > rounds.length_ms - kShortestExchangeMs) {
    return Refuse(
        "rounds.run_window %d ms leaves less than %d ms of rounds.length %d ms for the exchange",
        rounds.run_window_ms, kShortestExchangeMs, rounds.length_ms);
  }
  RETURN_IF_ERROR(CheckIn("rounds.duration in rounds", rounds.count, 2, 100'000'000));
  RETURN_IF_ERROR(CheckIn("rounds.lanes", rounds.lanes, 1, 1024));
  RETURN_IF_ERROR(CheckIn("rounds.origin (ms)", rounds.origin_ms, 0, int64_t{1} << 45));
  RETURN_IF_ERROR(CheckIn("rounds.settle (ms)", rounds.settle_ms, kSettleMs, kWeekMs));
  return CheckIn("rounds.max_shift", rounds.max_shift, 1, 1'000'000);
}

absl::Status ValidateLimits(const Limits& limits) {
  RETURN_IF_ERROR(CheckIn("limits.wall (ms)", limits.wall_ms, 100, int64_t{7} * 24 * 3600 * 1000));
  RETURN_IF_ERROR(CheckIn("limits.threads", limits.threads, 1, 1024));
  RETURN_IF_ERROR(CheckIn("limits.cpu (s)", limits.cpu_seconds, 1, 1'000'000'000));
  RETURN_IF_ERROR(
      CheckIn("limits.memory (bytes)", limits.memory_bytes, int64_t{16} << 20, int64_t{1} << 44));
  RETURN_IF_ERROR(CheckIn("limits.output (bytes)", limits.output_bytes, 16, int64_t{1} << 40));
  RETURN_IF_ERROR(CheckIn("limits.scratch (bytes)", limits.scratch_bytes, 0, int64_t{1} << 40));
  RETURN_IF_ERROR(CheckIn("limits.program (bytes)", limits.program_bytes, 1, int64_t{1} << 32));
  const int64_t most_cpu = MostCpuSeconds(limits);
  if (limits.cpu_seconds > most_cpu) {
    return Refuse(
        "limits.cpu %d s is more than the %d s that limits.threads %d can use in limits.wall %d "
        "ms: it would limit nothing",
        limits.cpu_seconds, most_cpu, limits.threads, limits.wall_ms);
  }
  if (limits.scratch_bytes > limits.memory_bytes) {
    return Refuse(
        "limits.scratch %d bytes is more than limits.memory %d bytes, which files in /tmp count "
        "against: lower the one or raise the other",
        limits.scratch_bytes, limits.memory_bytes);
  }
  if (limits.program_bytes > limits.memory_bytes) {
    return Refuse("limits.program %d bytes is more than limits.memory %d bytes can hold",
                  limits.program_bytes, limits.memory_bytes);
  }
  return absl::OkStatus();
}

absl::Status CheckRunFitsWindow(const Policy& policy) {
  if (RunsPerLane(policy) >= 1) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("limits.wall %d ms and %d ms to settle and score (by the rows to predict and "
                      "score.predictions) do not fit rounds.run_window %d ms: shorten the one or "
                      "lengthen the other",
                      policy.limits.wall_ms, policy.rounds.settle_ms, policy.rounds.run_window_ms));
}

absl::Status CheckProgramFitsExchange(const Policy& policy) {
  const int64_t exchange_ms = policy.rounds.length_ms - policy.rounds.run_window_ms;
  const int64_t most = exchange_ms * kSlowestPipeBytesPerMs;
  if (policy.limits.program_bytes <= most) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "limits.program %d bytes may not cross in the %d ms that rounds.length and rounds.run_window "
      "leave for the exchange: at most %d bytes are counted on",
      policy.limits.program_bytes, exchange_ms, most));
}

}  // namespace

absl::Status Validate(const Policy& policy) {
  if (!IsId(policy.contest)) {
    return Refuse("contest \"%s\": use 1 to 39 of a-z, 0-9 and '-', a letter first",
                  policy.contest);
  }
  RETURN_IF_ERROR(CheckIn("version", policy.version, 1, 1'000'000));
  RETURN_IF_ERROR(CheckIn("statement.bits_per_row", policy.bits_per_row, 1, 1'000'000));
  RETURN_IF_ERROR(Validate(policy.scoring));
  RETURN_IF_ERROR(ValidateRounds(policy.rounds));
  RETURN_IF_ERROR(ValidateRelease(policy));
  RETURN_IF_ERROR(ValidateLimits(policy.limits));
  RETURN_IF_ERROR(Validate(policy.witnesses, policy.rounds));
  RETURN_IF_ERROR(CheckRunFitsWindow(policy));
  return CheckProgramFitsExchange(policy);
}

RowWeights WeightsOf(const DataShape& shape) {
  return HasWeight(shape) ? RowWeights::kColumn : RowWeights::kEqual;
}

int64_t ShortestOutput(PredictionFormat format, int64_t rows) {
  constexpr int64_t kMagicBytes = 8;
  switch (format) {
    case PredictionFormat::kText:
      return 2 * rows - 1;  // one digit a line, the last newline left out
    case PredictionFormat::kF32:
      return kMagicBytes + 4 * rows;
    case PredictionFormat::kF64:
      return kMagicBytes + 8 * rows;
  }
  return 0;
}

absl::Status ValidateFor(const Policy& policy, const DeclaredData& data) {
  const Scoring& scoring = policy.scoring;
  if (policy.deployment != data.deployment) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "deployment is %s, and the data set was imported for %s: the data set decides; remove the "
        "line",
        Name(policy.deployment), Name(data.deployment)));
  }
  if (scoring.weights == RowWeights::kColumn && data.weights == RowWeights::kEqual) {
    return absl::FailedPreconditionError(
        "score.weights is column, and the data set was imported without a weight column: remove "
        "the "
        "line, or import it with one");
  }
  if (policy.release.final_rule != FinalRule::kNone && data.final_rows == 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "release.final is %s, and the data set has no final rows: take \"none\", or import it with "
        "a final share",
        Name(policy.release.final_rule)));
  }
  const int64_t rows = data.public_rows + data.final_rows;
  const int64_t settle_ms = SettleMs(scoring.format, rows);
  if (policy.rounds.settle_ms != settle_ms) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the time to settle is %d ms, and %d rows of %s need %d ms",
                        policy.rounds.settle_ms, rows, Name(scoring.format), settle_ms));
  }
  const int64_t shortest = ShortestOutput(scoring.format, rows);
  if (policy.limits.output_bytes < shortest) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "limits.output %d bytes cannot hold the data set's %d predictions as score.predictions %s: "
        "give at least %d",
        policy.limits.output_bytes, rows, Name(scoring.format), shortest));
  }
  const int64_t most = std::max(scoring.scale.best, scoring.scale.worst);
  if (CountsMatches(scoring.metric) && scoring.metric != Metric::kAccuracy &&
      scoring.weights == RowWeights::kEqual && most / kMillion > data.public_rows) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "score.best %s and score.worst %s: score.metric %s can be at most the data set's %d public "
        "rows",
        FormatMillionths(scoring.scale.best), FormatMillionths(scoring.scale.worst),
        Name(scoring.metric), data.public_rows));
  }
  return absl::OkStatus();
}

}  // namespace pinhole::contest
