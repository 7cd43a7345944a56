#include "server/core/contest/contest_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/contest/toml_values.h"
#include "toml++/toml.h"

namespace pinhole::contest {
namespace {

using Keys = std::map<std::string, Read, std::less<>>;

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr std::array<Unit, 5> kTimeUnits = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> kSizeUnits = {
    {{"KiB", int64_t{1} << 10}, {"MiB", int64_t{1} << 20}, {"GiB", int64_t{1} << 30}, {"B", 1}}};

template <size_t N>
absl::StatusOr<int64_t> ParseWithUnit(std::string_view text, const std::array<Unit, N>& units,
                                      const char* example) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    ASSIGN_OR_RETURN(const int64_t count,
                     ParseIntegerIn(text.substr(0, digits), 0, int64_t{1} << 40));
    if (count > (int64_t{1} << 60) / unit.factor) break;
    return count * unit.factor;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("\"%s\" is not written like %s", text, example));
}

absl::Status At(std::string_view file, const toml::node& node, std::string_view key,
                std::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s, line %d: %s: %s", file, node.source().begin.line, key, problem));
}

absl::Status ReadTable(const toml::table& table, std::string_view prefix, const Keys& keys,
                       std::string_view file) {
  for (const auto& [key, node] : table) {
    const std::string name = std::string(prefix) + std::string(key.str());
    const auto known = keys.find(key.str());
    if (known == keys.end()) {
      std::string all;
      for (const auto& [word, unused] : keys) all += (all.empty() ? "" : ", ") + word;
      return At(file, node, name, absl::StrFormat("no such setting; there are: %s", all));
    }
    if (const absl::Status status = known->second(node); !status.ok()) {
      return At(file, node, name, std::string(status.message()));
    }
  }
  return absl::OkStatus();
}

struct Section {
  std::string name;
  Keys keys;
  std::vector<std::string> required;
};

// What the file says in units that the policy does not have.
struct Durations {
  int64_t total_ms = 0;
  int64_t cpu_ms = 0;
};

template <typename T>
Read OptionalWord(std::optional<T>& target, absl::StatusOr<T> (*parse)(std::string_view)) {
  return Text([&target, parse](std::string_view text) -> absl::Status {
    ASSIGN_OR_RETURN(target, parse(text));
    return absl::OkStatus();
  });
}

std::vector<Section> Sections(ContestFile& file, Durations& durations) {
  Policy& p = file.policy;
  const auto duration = [](int64_t& target) { return Word<int64_t>(target, &ParseDurationMs); };
  const auto size = [](int64_t& target) { return Word<int64_t>(target, &ParseSize); };
  const Read worst = [&file](const toml::node& node) -> absl::Status {
    if (node.is_number()) return Number(file.policy.scoring.scale.worst)(node);
    if (node.value_or(std::string_view()) != "baseline")
      return absl::InvalidArgumentError("takes a number or \"baseline\"");
    file.worst = ContestFile::Worst::kBaseline;
    return absl::OkStatus();
  };
  return {
      {"score",
       {{"metric", Word<Metric>(p.scoring.metric, &ParseMetric)},
        {"range", Range(p.scoring.range_low, p.scoring.range_high)},
        {"best", Number(p.scoring.scale.best)},
        {"worst", worst},
        {"step", Number(p.scoring.scale.step)},
        {"weights", OptionalWord<RowWeights>(file.weights, &ParseRowWeights)},
        {"predictions", Word<PredictionFormat>(p.scoring.format, &ParsePredictionFormat)}},
       {"metric", "range", "best", "worst", "step"}},
      {"release",
       {{"rule", Word<ReleaseRule>(p.release.rule, &ParseReleaseRule)},
        {"tries", Count(p.release.tries)},
        {"tries_per_day", Count(p.release.tries_per_day)},
        {"shown_scores", Count(p.release.shown_scores)},
        {"shown_failures", Count(p.release.shown_failures)},
        {"min_gain", Count(p.release.min_gain)},
        {"waiting", Count(p.release.waiting)},
        {"teams", Count(p.release.teams)},
        {"final", Word<FinalRule>(p.release.final_rule, &ParseFinalRule)},
        {"acts_bits", Thousandths(p.release.acts_thousandths)}},
       {"teams"}},
      {"rounds",
       {{"length", duration(p.rounds.length_ms)},
        {"run_window", duration(p.rounds.run_window_ms)},
        {"duration", duration(durations.total_ms)},
        {"lanes", Count(p.rounds.lanes)},
        {"max_shift", Count(p.rounds.max_shift)}},
       {"length", "run_window", "duration"}},
      {"limits",
       {{"wall", duration(p.limits.wall_ms)},
        {"cpu", duration(durations.cpu_ms)},
        {"memory", size(p.limits.memory_bytes)},
        {"threads", Count(p.limits.threads)},
        {"output", size(p.limits.output_bytes)},
        {"scratch", size(p.limits.scratch_bytes)},
        {"program", size(p.limits.program_bytes)}},
       {"wall"}},
      {"witnesses",
       {{"keys", Texts([&p](std::string_view vkey) -> absl::Status {
           ASSIGN_OR_RETURN(WitnessVerifier witness, WitnessVerifier::FromVkey(vkey));
           p.witnesses.verifiers.push_back(std::move(witness));
           return absl::OkStatus();
         })},
        {"quorum", Count(p.witnesses.quorum)}},
       {}},
      {"statement", {{"bits_per_row", Count(p.bits_per_row)}}, {}},
  };
}

// CHANNEL.md section 5.2's defaults, and limits that fit a small model. docs/CONTEST_FILE.md lists
// them.
ContestFile Defaults() {
  ContestFile file;
  file.policy.release = {.tries = 50,
                         .shown_scores = 10,
                         .shown_failures = 2,
                         .min_gain = 1,
                         .waiting = 2,
                         .acts_thousandths = 64'000};
  file.policy.rounds.max_shift = 10'000;
  file.policy.limits = {.cpu_seconds = 0,
                        .memory_bytes = int64_t{512} << 20,
                        .threads = 4,
                        .output_bytes = int64_t{16} << 20,
                        .scratch_bytes = int64_t{64} << 20,
                        .program_bytes = int64_t{32} << 20};
  return file;
}

// A default never contradicts what the file states: it gives way.
void FitDefaults(const toml::table& root, ContestFile& file) {
  Release& release = file.policy.release;
  const auto stated = [&root](std::string_view key) {
    return static_cast<bool>(root["release"][key]);
  };
  const bool every_score = release.rule == ReleaseRule::kEveryScore;
  const auto fit = [&](std::string_view key, int64_t most, int& value) {
    if (!stated(key)) value = every_score ? 0 : static_cast<int>(std::min<int64_t>(value, most));
  };
  const int64_t sharing = release.rule == ReleaseRule::kRecords ? std::max(1, release.teams) : 1;
  fit("shown_scores", release.tries * sharing, release.shown_scores);
  fit("shown_failures", release.tries, release.shown_failures);
  // A worst level from the data is not known yet.
  const LevelScale& scale = file.policy.scoring.scale;
  if (file.worst == ContestFile::Worst::kDeclared && scale.step > 0 && release.min_gain > 0) {
    if (!stated("shown_scores"))
      release.shown_scores = std::min(release.shown_scores, scale.MostGains(release.min_gain));
  }
  Witnesses& witnesses = file.policy.witnesses;
  if (!root["witnesses"]["quorum"] && !witnesses.verifiers.empty())
    witnesses.quorum = static_cast<int>(witnesses.verifiers.size()) / 2 + 1;
  if (!stated("waiting")) release.waiting = std::min(release.waiting, std::max(1, release.tries));
}

absl::Status FitDurations(std::string_view name, const Durations& durations, Policy& policy) {
  Rounds& rounds = policy.rounds;
  if (rounds.length_ms <= 0 || durations.total_ms % rounds.length_ms != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: rounds.duration %d ms is not a whole number of rounds.length %d ms",
                        name, durations.total_ms, rounds.length_ms));
  }
  rounds.count = durations.total_ms / rounds.length_ms;
  // Unless said, every thread may use its core for the whole wall time.
  Limits& limits = policy.limits;
  limits.cpu_seconds =
      durations.cpu_ms > 0 ? (durations.cpu_ms + 999) / 1000 : MostCpuSeconds(limits);
  return absl::OkStatus();
}

absl::Status ReadSections(const toml::table& root, std::string_view name,
                          const std::vector<Section>& sections) {
  for (const Section& section : sections) {
    if (!root.contains(section.name)) {
      if (section.required.empty()) continue;
      return absl::InvalidArgumentError(absl::StrFormat("%s: %s is missing", name, section.name));
    }
    const toml::table* table = root[section.name].as_table();
    if (table == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: [%s] is not a section", name, section.name));
    }
    RETURN_IF_ERROR(ReadTable(*table, section.name + ".", section.keys, name));
    for (const std::string& key : section.required) {
      if (!table->contains(key)) {
        return absl::InvalidArgumentError(
            absl::StrFormat("%s: %s.%s is missing", name, section.name, key));
      }
    }
  }
  return absl::OkStatus();
}

Keys RootKeys(ContestFile& file) {
  return {{"contest", Text([&file](std::string_view text) {
             file.policy.contest = std::string(text);
             return absl::OkStatus();
           })},
          {"organizer", Word<PublicKey>(file.policy.organizer, &PublicKey::FromHex)},
          {"deployment", OptionalWord<Deployment>(file.deployment, &ParseDeployment)}};
}

absl::Status ReadAll(const toml::table& root, std::string_view name, ContestFile& file) {
  for (const std::string key : {"contest", "organizer"}) {
    if (!root.contains(key))
      return absl::InvalidArgumentError(absl::StrFormat("%s: %s is missing", name, key));
  }
  Durations durations;
  const std::vector<Section> sections = Sections(file, durations);
  RETURN_IF_ERROR(ReadSections(root, name, sections));
  Keys keys = RootKeys(file);
  for (const Section& section : sections)
    keys.emplace(section.name, [](const toml::node&) { return absl::OkStatus(); });
  RETURN_IF_ERROR(ReadTable(root, "", keys, name));
  FitDefaults(root, file);
  return FitDurations(name, durations, file.policy);
}

}  // namespace

std::vector<std::string> ContestFileKeys() {
  ContestFile file;
  Durations durations;
  std::vector<std::string> names;
  for (const auto& [name, unused] : RootKeys(file)) names.push_back(name);
  for (const Section& section : Sections(file, durations)) {
    for (const auto& [name, unused] : section.keys) names.push_back(section.name + "." + name);
  }
  return names;
}

absl::StatusOr<int64_t> ParseDurationMs(std::string_view text) {
  return ParseWithUnit(text, kTimeUnits, "\"250ms\", \"15s\", \"2m\", \"24h\" or \"30d\"");
}

absl::StatusOr<int64_t> ParseSize(std::string_view text) {
  return ParseWithUnit(text, kSizeUnits, "\"64KiB\", \"512MiB\" or \"2GiB\"");
}

absl::StatusOr<ContestFile> ParseContestFile(std::string_view toml, std::string_view file_name) {
  ContestFile file = Defaults();
  toml::table root;
  try {  // toml++ reports by exception; none passes this function
    root = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s, line %d: %s", file_name, error.source().begin.line, std::string(error.description())));
  }
  RETURN_IF_ERROR(ReadAll(root, file_name, file));
  return file;
}

}  // namespace pinhole::contest
