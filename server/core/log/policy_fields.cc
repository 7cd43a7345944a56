#include "server/core/log/policy_fields.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/contest/validate.h"

namespace pinhole::log {
namespace {

absl::StatusOr<int64_t> TakeMillionths(EntryReader& reader, std::string_view key) {
  ASSIGN_OR_RETURN(const std::string_view text, reader.Take(key));
  return ParseMillionths(text);
}

absl::StatusOr<int64_t> TakeThousandths(EntryReader& reader, std::string_view key) {
  ASSIGN_OR_RETURN(const std::string_view text, reader.Take(key));
  return ParseThousandths(text);
}

absl::StatusOr<int> TakeInt(EntryReader& reader, std::string_view key) {
  ASSIGN_OR_RETURN(const int64_t value, reader.TakeInteger(key, 0, INT32_MAX));
  return static_cast<int>(value);
}

absl::StatusOr<int64_t> TakeCount(EntryReader& reader, std::string_view key) {
  return reader.TakeInteger(key, 0, INT64_MAX);
}

// Without witnesses there is none.
std::optional<Digest> BlindingOf(const contest::Witnesses& witnesses) {
  return witnesses.asked() ? std::optional(witnesses.blinding) : std::nullopt;
}

std::string WitnessesText(const std::vector<WitnessVerifier>& witnesses) {
  std::string text;
  for (const WitnessVerifier& witness : witnesses)
    text += (text.empty() ? "" : ",") + witness.ToVkey();
  return text.empty() ? "-" : text;
}

absl::StatusOr<std::vector<WitnessVerifier>> ParseWitnesses(std::string_view text) {
  std::vector<WitnessVerifier> witnesses;
  if (text == "-") return witnesses;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    ASSIGN_OR_RETURN(WitnessVerifier witness, WitnessVerifier::FromVkey(text.substr(0, comma)));
    witnesses.push_back(std::move(witness));
    if (comma == text.size()) return witnesses;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

void AddPolicyFields(const contest::Policy& p, EntryWriter& writer) {
  writer.Add("version", p.version)
      .Add("deployment", contest::Name(p.deployment))
      .Add("degraded", contest::Name(p.degraded))
      .Add("metric", contest::Name(p.scoring.metric))
      .Add("format", contest::Name(p.scoring.format))
      .Add("weights", contest::Name(p.scoring.weights))
      .Add("range_low", FormatMillionths(p.scoring.range_low))
      .Add("range_high", FormatMillionths(p.scoring.range_high))
      .Add("best", FormatMillionths(p.scoring.scale.best))
      .Add("worst", FormatMillionths(p.scoring.scale.worst))
      .Add("step", FormatMillionths(p.scoring.scale.step))
      .Add("baseline_bits", FormatThousandths(p.baseline_thousandths))
      .Add("bits_per_row", p.bits_per_row)
      .Add("rule", contest::Name(p.release.rule))
      .Add("tries", p.release.tries)
      .Add("tries_per_day", p.release.tries_per_day)
      .Add("shown_scores", p.release.shown_scores)
      .Add("shown_failures", p.release.shown_failures)
      .Add("min_gain", p.release.min_gain)
      .Add("waiting", p.release.waiting)
      .Add("teams", p.release.teams)
      .Add("final", contest::Name(p.release.final_rule))
      .Add("acts_bits", FormatThousandths(p.release.acts_thousandths))
      .Add("origin_ms", p.rounds.origin_ms)
      .Add("round_ms", p.rounds.length_ms)
      .Add("run_window_ms", p.rounds.run_window_ms)
      .Add("rounds", p.rounds.count)
      .Add("lanes", p.rounds.lanes)
      .Add("settle_ms", p.rounds.settle_ms)
      .Add("max_shift", p.rounds.max_shift)
      .Add("wall_ms", p.limits.wall_ms)
      .Add("cpu_seconds", p.limits.cpu_seconds)
      .Add("memory_bytes", p.limits.memory_bytes)
      .Add("threads", p.limits.threads)
      .Add("output_bytes", p.limits.output_bytes)
      .Add("scratch_bytes", p.limits.scratch_bytes)
      .Add("program_bytes", p.limits.program_bytes)
      .Add("quorum", p.witnesses.quorum)
      .Add("witnesses", WitnessesText(p.witnesses.verifiers))
      .AddDigestOrDash("blinding", BlindingOf(p.witnesses))
      .Add("organizer", p.organizer.ToHex());
}

absl::StatusOr<contest::Policy> TakePolicyFields(EntryReader& reader) {
  contest::Policy p;
  p.contest = std::string(reader.contest());
  ASSIGN_OR_RETURN(p.version, TakeInt(reader, "version"));
  ASSIGN_OR_RETURN(const std::string_view deployment, reader.Take("deployment"));
  ASSIGN_OR_RETURN(p.deployment, contest::ParseDeployment(deployment));
  ASSIGN_OR_RETURN(const std::string_view degraded, reader.Take("degraded"));
  ASSIGN_OR_RETURN(p.degraded, contest::ParseDegraded(degraded));
  ASSIGN_OR_RETURN(const std::string_view metric, reader.Take("metric"));
  ASSIGN_OR_RETURN(p.scoring.metric, contest::ParseMetric(metric));
  ASSIGN_OR_RETURN(const std::string_view format, reader.Take("format"));
  ASSIGN_OR_RETURN(p.scoring.format, contest::ParsePredictionFormat(format));
  ASSIGN_OR_RETURN(const std::string_view weights, reader.Take("weights"));
  ASSIGN_OR_RETURN(p.scoring.weights, contest::ParseRowWeights(weights));
  ASSIGN_OR_RETURN(p.scoring.range_low, TakeMillionths(reader, "range_low"));
  ASSIGN_OR_RETURN(p.scoring.range_high, TakeMillionths(reader, "range_high"));
  ASSIGN_OR_RETURN(p.scoring.scale.best, TakeMillionths(reader, "best"));
  ASSIGN_OR_RETURN(p.scoring.scale.worst, TakeMillionths(reader, "worst"));
  ASSIGN_OR_RETURN(p.scoring.scale.step, TakeMillionths(reader, "step"));
  ASSIGN_OR_RETURN(p.baseline_thousandths, TakeThousandths(reader, "baseline_bits"));
  ASSIGN_OR_RETURN(p.bits_per_row, TakeInt(reader, "bits_per_row"));
  ASSIGN_OR_RETURN(const std::string_view rule, reader.Take("rule"));
  ASSIGN_OR_RETURN(p.release.rule, contest::ParseReleaseRule(rule));
  ASSIGN_OR_RETURN(p.release.tries, TakeInt(reader, "tries"));
  ASSIGN_OR_RETURN(p.release.tries_per_day, TakeInt(reader, "tries_per_day"));
  ASSIGN_OR_RETURN(p.release.shown_scores, TakeInt(reader, "shown_scores"));
  ASSIGN_OR_RETURN(p.release.shown_failures, TakeInt(reader, "shown_failures"));
  ASSIGN_OR_RETURN(p.release.min_gain, TakeInt(reader, "min_gain"));
  ASSIGN_OR_RETURN(p.release.waiting, TakeInt(reader, "waiting"));
  ASSIGN_OR_RETURN(p.release.teams, TakeInt(reader, "teams"));
  ASSIGN_OR_RETURN(const std::string_view final_rule, reader.Take("final"));
  ASSIGN_OR_RETURN(p.release.final_rule, contest::ParseFinalRule(final_rule));
  ASSIGN_OR_RETURN(p.release.acts_thousandths, TakeThousandths(reader, "acts_bits"));
  ASSIGN_OR_RETURN(p.rounds.origin_ms, TakeCount(reader, "origin_ms"));
  ASSIGN_OR_RETURN(p.rounds.length_ms, TakeCount(reader, "round_ms"));
  ASSIGN_OR_RETURN(p.rounds.run_window_ms, TakeCount(reader, "run_window_ms"));
  ASSIGN_OR_RETURN(p.rounds.count, TakeCount(reader, "rounds"));
  ASSIGN_OR_RETURN(p.rounds.lanes, TakeInt(reader, "lanes"));
  ASSIGN_OR_RETURN(p.rounds.settle_ms, TakeCount(reader, "settle_ms"));
  ASSIGN_OR_RETURN(p.rounds.max_shift, TakeInt(reader, "max_shift"));
  ASSIGN_OR_RETURN(p.limits.wall_ms, TakeCount(reader, "wall_ms"));
  ASSIGN_OR_RETURN(p.limits.cpu_seconds, TakeCount(reader, "cpu_seconds"));
  ASSIGN_OR_RETURN(p.limits.memory_bytes, TakeCount(reader, "memory_bytes"));
  ASSIGN_OR_RETURN(p.limits.threads, TakeInt(reader, "threads"));
  ASSIGN_OR_RETURN(p.limits.output_bytes, TakeCount(reader, "output_bytes"));
  ASSIGN_OR_RETURN(p.limits.scratch_bytes, TakeCount(reader, "scratch_bytes"));
  ASSIGN_OR_RETURN(p.limits.program_bytes, TakeCount(reader, "program_bytes"));
  ASSIGN_OR_RETURN(p.witnesses.quorum, TakeInt(reader, "quorum"));
  ASSIGN_OR_RETURN(const std::string_view witnesses, reader.Take("witnesses"));
  ASSIGN_OR_RETURN(p.witnesses.verifiers, ParseWitnesses(witnesses));
  ASSIGN_OR_RETURN(const std::optional<Digest> blinding, reader.TakeDigestOrDash("blinding"));
  if (blinding.has_value() != p.witnesses.asked())
    return absl::InvalidArgumentError("malformed ledger entry: blinding goes with witnesses");
  p.witnesses.blinding = blinding.value_or(Digest{});
  ASSIGN_OR_RETURN(const std::string_view organizer, reader.Take("organizer"));
  ASSIGN_OR_RETURN(p.organizer, PublicKey::FromHex(organizer));
  RETURN_IF_ERROR(contest::Validate(p));
  return p;
}

}  // namespace pinhole::log
