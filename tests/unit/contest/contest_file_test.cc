// docs/CONTEST_FILE.md and the parser say the same: every key, every default, every limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "server/core/contest/contest_file.h"
#include "server/core/contest/validate.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::contest {
namespace {

struct Documented {
  std::string key;
  std::string fallback;  // the default
  std::string limits;
};

std::vector<Documented> ReadTable() {
  std::ifstream file(PINHOLE_CONTEST_FILE_DOC);
  std::vector<Documented> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    const auto cell = [&cells](size_t at) {
      return std::string(absl::StripAsciiWhitespace(cells[at]));
    };
    if (cells.size() == 7 && cell(1) == "key") inside = true;
    if (cells.size() != 7) inside = false;
    if (!inside || cell(1) == "key" || cell(1) == "---") continue;
    rows.push_back({cell(1), cell(3), cell(4)});
  }
  return rows;
}

// A file with the required keys alone, and `more` in the section of `key`.
std::string FileWith(const std::string& key, const std::string& value) {
  std::map<std::string, std::map<std::string, std::string>> sections = {
      {"",
       {{"contest", "\"demo\""},
        {"organizer", "\"" + pinhole::testing::TestKey(1).public_key().ToHex() + "\""}}},
      {"score",
       {{"metric", "\"rmse\""},
        {"range", "[0, 5]"},
        {"best", "0"},
        {"worst", "5"},
        {"step", "0.0001"}}},
      {"release", {{"teams", "3"}}},
      {"rounds", {{"length", "\"60s\""}, {"run_window", "\"30s\""}, {"duration", "\"240h\""}}},
      {"limits", {{"wall", "\"10s\""}}}};
  const size_t dot = key.find('.');
  if (!key.empty()) {
    sections[dot == std::string::npos ? "" : key.substr(0, dot)][key.substr(dot + 1)] = value;
  }
  std::string text;
  for (const auto& [name, keys] : sections) {
    if (!name.empty()) text += "[" + name + "]\n";
    for (const auto& [word, setting] : keys) text += word + " = " + setting + "\n";
  }
  return text;
}

TEST(ContestFileDoc, ListsEveryKeyOnce) {
  std::multiset<std::string> documented;
  for (const Documented& row : ReadTable()) documented.insert(row.key);
  const std::vector<std::string> keys = ContestFileKeys();
  EXPECT_EQ(documented, std::multiset<std::string>(keys.begin(), keys.end()));
}

TEST(ContestFileDoc, StatesTheDefaults) {
  const auto minimal = ParseContestFile(FileWith("", ""), "contest.toml");
  ASSERT_TRUE(minimal.ok()) << minimal.status();
  int compared = 0;
  for (const Documented& row : ReadTable()) {
    if (row.fallback == "required" || row.key == "deployment" || row.key == "score.weights") {
      continue;
    }
    const std::string value = row.fallback == "wall x threads" ? "\"40s\"" : row.fallback;
    const auto stated = ParseContestFile(FileWith(row.key, value), "contest.toml");
    ASSERT_TRUE(stated.ok()) << row.key << ": " << stated.status();
    EXPECT_EQ(stated->policy, minimal->policy) << row.key;
    ++compared;
  }
  EXPECT_EQ(compared, 21);
}

TEST(ContestFileDoc, NamesWhatIsRequired) {
  for (const Documented& row : ReadTable()) {
    if (row.fallback != "required") continue;
    const std::string marked = FileWith(row.key, "\"REMOVED\"");
    std::string without;
    for (absl::string_view line : absl::StrSplit(marked, '\n')) {
      if (line.find("REMOVED") == absl::string_view::npos) without += std::string(line) + "\n";
    }
    const auto file = ParseContestFile(without, "contest.toml");
    ASSERT_FALSE(file.ok()) << row.key;
    EXPECT_THAT(std::string(file.status().message()),
                ::testing::HasSubstr(row.key + " is missing"));
  }
}

// Every "A to B" of whole numbers: one beyond either end is refused with the key.
TEST(ContestFileDoc, StatesTheLimits) {
  int compared = 0;
  for (const Documented& row : ReadTable()) {
    int64_t low = 0;
    int64_t high = 0;
    int read = 0;
    if (std::sscanf(row.limits.c_str(), "%ld to %ld%n", &low, &high, &read) != 2 ||
        read != static_cast<int>(row.limits.size())) {
      continue;
    }
    for (const int64_t beyond : {low - 1, high + 1}) {
      auto file = ParseContestFile(FileWith(row.key, absl::StrFormat("%d", beyond)), "file");
      absl::Status status = file.status();
      if (file.ok()) {
        file->policy.rounds.settle_ms = kSettleMs;
        status = Validate(file->policy);
      }
      ASSERT_FALSE(status.ok()) << row.key << " = " << beyond;
      EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(row.key)) << beyond;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 11);
}

TEST(ContestFile, RefusesUnknownWordsAndListsTheKnown) {
  for (const auto& [key, word, says] :
       {std::tuple{"release.rule", "scores", "none of: every-score, improvements, records"},
        std::tuple{"release.final", "all", "none of: none, winner, top3, every-team"},
        std::tuple{"deployment", "three-machine", "none of: one-machine, two-machine"},
        std::tuple{"score.weights", "yes", "none of: equal, column"}}) {
    const auto file =
        ParseContestFile(FileWith(key, absl::StrFormat("\"%s\"", word)), "contest.toml");
    ASSERT_FALSE(file.ok()) << key << word;
    EXPECT_THAT(std::string(file.status().message()), ::testing::HasSubstr(says)) << key << word;
  }
}

// Several metrics, or one for each group of rows, would be as many channels (CHANNEL.md, A11).
TEST(ContestFile, HasOneMetricOfOneKnownName) {
  for (const char* several :
       {"[\"rmse\", \"mae\"]", "\"rmse, mae\"", "\"rmse by group\"", "{a = \"rmse\"}"}) {
    const auto file = ParseContestFile(FileWith("score.metric", several), "contest.toml");
    ASSERT_FALSE(file.ok()) << several;
    EXPECT_THAT(std::string(file.status().message()), ::testing::HasSubstr("metric")) << several;
  }
  EXPECT_TRUE(ParseContestFile(FileWith("score.metric", "\"rmse\""), "contest.toml").ok());
  EXPECT_FALSE(ParseContestFile(FileWith("score.metrics", "\"rmse\""), "contest.toml").ok());
}

TEST(ContestFile, DefaultsGiveWayToFewTries) {
  auto file = ParseContestFile(FileWith("release.tries", "1"), "contest.toml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->policy.release.shown_scores, 1);
  EXPECT_EQ(file->policy.release.shown_failures, 1);
  EXPECT_EQ(file->policy.release.waiting, 1);
  file = ParseContestFile(FileWith("release.rule", "\"every-score\""), "contest.toml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->policy.release.shown_scores, 0);
  EXPECT_EQ(file->policy.release.shown_failures, 0);
}

// The records of a contest may be more than one team's tries.
TEST(ContestFile, RecordsAreOfAllTeams) {
  auto file = ParseContestFile(FileWith("release.rule", "\"records\""), "contest.toml");
  ASSERT_TRUE(file.ok()) << file.status();
  Policy policy = file->policy;
  policy.rounds.settle_ms = kSettleMs;
  policy.release.shown_scores = policy.release.tries + 1;
  EXPECT_EQ(policy.release.shown_scores <= policy.scoring.scale.MostGains(policy.release.min_gain),
            Validate(policy).ok())
      << Validate(policy);
  policy.release.tries = 1;
  policy.release.waiting = 1;
  policy.release.shown_failures = 0;
  policy.release.shown_scores = policy.release.teams + 1;
  EXPECT_THAT(std::string(Validate(policy).message()),
              ::testing::HasSubstr("all tries of release.rule records"));
}

}  // namespace
}  // namespace pinhole::contest
