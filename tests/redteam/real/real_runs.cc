#include "tests/redteam/real/real_runs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/system/files.h"
#include "tests/redteam/meter.h"
#include "tests/redteam/real/secret.h"
#include "tests/support/ledger_builder.h"
#include "tests/support/vault_harness.h"

namespace pinhole::redteam {
namespace {

constexpr int kTeams = 4;
constexpr uint8_t kFirstKey = 10;
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr std::string_view kMark = "9.876543";  // of kPrediction

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "real runs: %s\n", what.c_str());
  std::abort();
}

// x of the training rows, as the harness invents them.
bool Secret(uint64_t index) {
  int64_t rows[kSecretRows];
  for (int i = 0; i < kSecretRows; ++i) rows[i] = i * 7 % 50;
  return SecretBit(rows, index);
}

std::string Encoder(uint64_t index) {
  static const std::string program = ReadFile(testing::TestBin("redteam_encoder")).value_or("");
  constexpr std::string_view kText = "PINHOLE-INDEX:";
  const size_t at = program.find(kText);
  if (at == std::string::npos) Fail("no encoder");
  std::string patched = program;
  for (size_t i = 0; i < 8; ++i) patched[at + 16 + i] = static_cast<char>(index >> 8 * i);
  return patched;
}

// Whether a time lies above the middle of those before it.
class Late {
 public:
  char Take(int64_t micros) {
    const auto place = std::lower_bound(seen_.begin(), seen_.end(), micros);
    const bool late = 2 * (place - seen_.begin()) > static_cast<int64_t>(seen_.size());
    seen_.insert(place, micros);
    return late ? '1' : '0';
  }

 private:
  std::vector<int64_t> seen_;
};

// Of a team; more than it needs.
int Tries(int lanes, int64_t trials) { return static_cast<int>(trials / kTeams) + 2 * lanes; }

class Play {
 public:
  Play(int lanes, int64_t trials, Failures failures)
      : lanes_(lanes),
        trials_(trials),
        vault_({.lanes = lanes,
                .tries = Tries(lanes, trials),
                .waiting = 2 * lanes,
                .shown_failures = failures == Failures::kShown ? Tries(lanes, trials) : 0}),
        front_(vault_.socket()) {}

  RealRuns Run() {
    vault_.OpenContest();
    while (contest() == nullptr) Exchange({});
    while (contest()->teams.size() < kTeams) {
      std::vector<std::pair<std::string, std::string>> joins;
      for (int team = 0; team < kTeams; ++team)
        joins.emplace_back(testing::JoinText(absl::StrFormat("team-%d", team), Key(team)), "");
      Exchange(joins);
    }
    while (found_.trials < trials_) {
      Exchange(Batch());
      Decode();
    }
    Told();
    found_.views = static_cast<int64_t>(decoder_.views());
    found_.right = decoder_.successes();
    for (const auto& record : front_.recorded())
      found_.on_the_pipe = found_.on_the_pipe || record.bytes.find(kMark) != std::string::npos;
    for (const auto& file : std::filesystem::recursive_directory_iterator(vault_.vault_folder())) {
      if (!file.is_regular_file()) continue;
      const auto bytes = ReadFile(file.path().string(), size_t{1} << 30);
      found_.written = found_.written || (bytes.ok() && bytes->find(kMark) != std::string::npos);
    }
    return found_;
  }

 private:
  static uint8_t Key(int team) { return static_cast<uint8_t>(kFirstKey + team); }
  const replay::Contest* contest() const { return front_.mirror().Find("demo"); }
  void Exchange(const std::vector<std::pair<std::string, std::string>>& requests) {
    if (!front_.Exchange(requests, kPatience).ok()) Fail(vault_.Output());
  }

  // As many as the next round runs; those that came too late for the last exchange again.
  std::vector<std::pair<std::string, std::string>> Batch() {
    Learn();
    while (static_cast<int>(sent_.size()) < lanes_) {
      const uint64_t index = next_++;
      sent_[index] = testing::SubmitText(front_.mirror(), Key(static_cast<int>(index % kTeams)),
                                         Encoder(index), absl::StrFormat("%d", index));
    }
    std::vector<std::pair<std::string, std::string>> batch;
    for (const auto& [index, text] : sent_) batch.emplace_back(text, Encoder(index));
    return batch;
  }

  // Which of what was sent is in the ledger.
  void Learn() {
    for (const auto& [key, admit] : contest()->requests) {
      if (index_of_.contains(admit)) continue;
      for (const auto& [index, text] : sent_) {
        const Digest id = Sha256(absl::StrFormat("%d", index));
        if (!std::equal(key.second.begin(), key.second.end(), id.begin())) continue;
        index_of_[admit] = index;
        sent_.erase(index);
        break;
      }
    }
  }

  // Everything that a front has of the last round, for each run that it released.
  void Decode() {
    Learn();
    const auto& record = front_.recorded().back();
    ++found_.rounds;
    const int64_t begins_us = contest()->Clock().ExchangeMs(record.round) * 1000;
    const std::string times = {opened_.Take(record.opened_us - begins_us),
                               done_.Take(record.done_us - begins_us)};
    for (const auto& [admit, index] : index_of_) {
      const replay::Admission& admission = contest()->admissions.at(admit);
      if (!admission.result.has_value() || admission.result->round != record.round) continue;
      decoder_.Try(times + admission.result->text + absl::StrFormat(" %d", record.bytes.size()),
                   Secret(index));
      ++found_.trials;
    }
  }

  // What the same decoder would have if how a run ended were told.
  void Told() {
    int code = 0;
    const auto records = nlohmann::json::parse(
        testing::RunCommand(
            {testing::Bin("pinhole-vault"), "evidence", "list", vault_.vault_folder(), "--json"},
            code),
        nullptr, false);
    if (!records.is_array()) Fail("no evidence");
    for (const auto& record : records) {
      if (record["type"] != "run") continue;
      const auto index = index_of_.find(record["admit"].get<int64_t>());
      if (index == index_of_.end() || !contest()->admissions.at(index->first).result.has_value())
        continue;
      if ((record["outcome"] != "exited") == Secret(index->second)) ++found_.told;
    }
  }

  const int lanes_;
  const int64_t trials_;
  testing::VaultHarness vault_;
  testing::FrontDriver front_;
  LearningDecoder decoder_;
  Late opened_;
  Late done_;
  uint64_t next_ = 0;
  std::map<uint64_t, std::string> sent_;  // index -> request, not in the ledger yet
  std::map<int64_t, uint64_t> index_of_;  // ADMIT -> index
  RealRuns found_;
};

}  // namespace

RealRuns PlayRealRuns(int lanes, int64_t trials, Failures failures) {
  return Play(lanes, trials, failures).Run();
}

}  // namespace pinhole::redteam
