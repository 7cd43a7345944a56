#include "server/core/contest/contest_file.h"

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "toml++/toml.h"

namespace pinhole::contest {
namespace {

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

// One key's reader; it gets the node and stores what it says.
using Read = std::function<absl::Status(const toml::node&)>;
using Keys = std::map<std::string, Read, std::less<>>;

Read Text(const std::function<absl::Status(std::string_view)>& store) {
  return [store](const toml::node& node) -> absl::Status {
    const auto value = node.value<std::string_view>();
    if (!node.is_string() || !value.has_value())
      return absl::InvalidArgumentError("takes a text in quotes");
    return store(*value);
  };
}

template <typename T>
Read Word(T& target, absl::StatusOr<T> (*parse)(std::string_view)) {
  return Text([&target, parse](std::string_view text) -> absl::Status {
    ASSIGN_OR_RETURN(target, parse(text));
    return absl::OkStatus();
  });
}

Read Count(int& target) {
  return [&target](const toml::node& node) -> absl::Status {
    const auto value = node.value<int64_t>();
    if (!node.is_integer() || !value.has_value() || *value < 0 || *value > INT32_MAX) {
      return absl::InvalidArgumentError("takes a whole number that is not negative");
    }
    target = static_cast<int>(*value);
    return absl::OkStatus();
  };
}

// A number as written, as millionths; TOML's floats are doubles, and six decimals below a billion
// survive that.
absl::StatusOr<int64_t> Millionths(const toml::node& node) {
  const auto value = node.value<double>();
  if (!node.is_number() || !value.has_value() || !(std::abs(*value) <= 1e9)) {
    return absl::InvalidArgumentError("takes a number within a billion");
  }
  const double scaled = *value * 1e6;
  const double whole = std::round(scaled);
  if (std::abs(scaled - whole) > 1e-3)
    return absl::InvalidArgumentError("takes at most six decimals");
  return static_cast<int64_t>(whole);
}

Read Number(int64_t& target) {
  return [&target](const toml::node& node) -> absl::Status {
    ASSIGN_OR_RETURN(target, Millionths(node));
    return absl::OkStatus();
  };
}

Read Range(Scoring& scoring) {
  return [&scoring](const toml::node& node) -> absl::Status {
    const toml::array* ends = node.as_array();
    if (ends == nullptr || ends->size() != 2)
      return absl::InvalidArgumentError("takes two numbers: [low, high]");
    ASSIGN_OR_RETURN(scoring.range_low, Millionths(*ends->get(0)));
    ASSIGN_OR_RETURN(scoring.range_high, Millionths(*ends->get(1)));
    return absl::OkStatus();
  };
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

// A section is a key whose reader reads a table; errors inside carry their own place, so they are
// passed on as they are.
struct Section {
  std::string name;
  Keys keys;
  std::vector<std::string> required;
};

std::vector<Section> Sections(ContestFile& file, int64_t& duration_ms, int64_t& cpu_ms) {
  Policy& p = file.policy;
  const auto duration = [](int64_t& target) { return Word<int64_t>(target, &ParseDurationMs); };
  const auto size = [](int64_t& target) { return Word<int64_t>(target, &ParseSize); };
  const Read worst = [&file](const toml::node& node) -> absl::Status {
    if (node.is_string()) {
      if (node.value<std::string_view>() != "baseline") {
        return absl::InvalidArgumentError("takes a number or \"baseline\"");
      }
      file.worst = ContestFile::Worst::kBaseline;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(file.policy.scoring.scale.worst, Millionths(node));
    return absl::OkStatus();
  };
  const Read acts = [&p](const toml::node& node) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t millionths, Millionths(node));
    if (millionths < 0 || millionths % 1000 != 0)
      return absl::InvalidArgumentError("takes at most three decimals");
    p.release.acts_thousandths = millionths / 1000;
    return absl::OkStatus();
  };
  return {
      {"score",
       {{"metric", Word<Metric>(p.scoring.metric, &ParseMetric)},
        {"range", Range(p.scoring)},
        {"best", Number(p.scoring.scale.best)},
        {"worst", worst},
        {"step", Number(p.scoring.scale.step)},
        {"weights", Word<RowWeights>(p.scoring.weights, &ParseRowWeights)},
        {"predictions", Word<PredictionFormat>(p.scoring.format, &ParsePredictionFormat)}},
       {"metric", "range", "best", "worst", "step"}},
      {"release",
       {{"rule", Word<ReleaseRule>(p.release.rule, &ParseReleaseRule)},
        {"tries", Count(p.release.tries)},
        {"shown_scores", Count(p.release.shown_scores)},
        {"shown_failures", Count(p.release.shown_failures)},
        {"min_gain", Count(p.release.min_gain)},
        {"waiting", Count(p.release.waiting)},
        {"teams", Count(p.release.teams)},
        {"final", Word<FinalRule>(p.release.final_rule, &ParseFinalRule)},
        {"acts_bits", acts}},
       {"teams"}},
      {"rounds",
       {{"length", duration(p.rounds.length_ms)},
        {"run_window", duration(p.rounds.run_window_ms)},
        {"duration", duration(duration_ms)},
        {"lanes", Count(p.rounds.lanes)},
        {"max_shift", Count(p.rounds.max_shift)}},
       {"length", "run_window", "duration"}},
      {"limits",
       {{"wall", duration(p.limits.wall_ms)},
        {"cpu", duration(cpu_ms)},
        {"memory", size(p.limits.memory_bytes)},
        {"threads", Count(p.limits.threads)},
        {"output", size(p.limits.output_bytes)},
        {"scratch", size(p.limits.scratch_bytes)},
        {"program", size(p.limits.program_bytes)}},
       {"wall"}},
  };
}

// CHANNEL.md section 5.2's defaults, and limits that fit a small model.
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
                        .program_bytes = int64_t{64} << 20};
  return file;
}

absl::Status ReadAll(const toml::table& root, std::string_view name, ContestFile& file) {
  int64_t duration_ms = 0;
  int64_t cpu_ms = 0;
  std::vector<Section> sections = Sections(file, duration_ms, cpu_ms);
  if (root["release"]["rule"].value_or(std::string_view()) == "every-score") {
    file.policy.release.shown_scores = 0;
    file.policy.release.shown_failures = 0;
  }
  Keys keys = {{"contest", Text([&file](std::string_view text) {
                  file.policy.contest = std::string(text);
                  return absl::OkStatus();
                })},
               {"organizer", Word<PublicKey>(file.policy.organizer, &PublicKey::FromHex)}};
  for (const std::string key : {"contest", "organizer", "score", "release", "rounds", "limits"}) {
    if (!root.contains(key))
      return absl::InvalidArgumentError(absl::StrFormat("%s: %s is missing", name, key));
  }
  for (Section& section : sections) {
    const toml::table* table = root[section.name].as_table();
    if (table == nullptr)
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: [%s] is not a section", name, section.name));
    RETURN_IF_ERROR(ReadTable(*table, section.name + ".", section.keys, name));
    for (const std::string& key : section.required) {
      if (!table->contains(key)) {
        return absl::InvalidArgumentError(
            absl::StrFormat("%s: %s.%s is missing", name, section.name, key));
      }
    }
    keys.emplace(section.name, [](const toml::node&) { return absl::OkStatus(); });
  }
  RETURN_IF_ERROR(ReadTable(root, "", keys, name));
  Rounds& rounds = file.policy.rounds;
  if (rounds.length_ms <= 0 || duration_ms % rounds.length_ms != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: rounds.duration is not a whole number of rounds.length", name));
  }
  rounds.count = duration_ms / rounds.length_ms;
  // Unless said, every thread may use its core for the whole wall time.
  file.policy.limits.cpu_seconds =
      cpu_ms > 0 ? (cpu_ms + 999) / 1000
                 : (file.policy.limits.wall_ms * file.policy.limits.threads + 999) / 1000;
  return absl::OkStatus();
}

}  // namespace

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
