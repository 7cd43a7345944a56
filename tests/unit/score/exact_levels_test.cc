// Every metric's levels against Python's fractions: any numbers, weights, spellings and order of
// rows.
#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <sstream>

#include "tests/unit/score/mock.h"

namespace pinhole::score {
namespace {

struct Case {
  std::string line;  // for messages
  contest::Scoring scoring;
  int public_level = 0;
  int final_level = 0;
  std::vector<SheetRow> rows;
  std::vector<std::string> predictions;
};

std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 65536> block;
  for (size_t got; (got = ::fread(block.data(), 1, block.size(), pipe)) > 0;) {
    output.append(block.data(), got);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

Case ReadCase(std::istringstream& words) {
  Case one;
  std::string metric;
  std::string weights;
  contest::Scoring& scoring = one.scoring;
  words >> metric >> weights >> scoring.range_low >> scoring.range_high >> scoring.scale.best >>
      scoring.scale.worst >> scoring.scale.step >> one.public_level >> one.final_level;
  scoring.metric = *contest::ParseMetric(metric);
  scoring.weights = *contest::ParseRowWeights(weights);
  return one;
}

std::vector<Case> ReadCases(const std::string& text) {
  std::vector<Case> cases;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "case") {
      cases.push_back(ReadCase(words));
      cases.back().line = line;
    } else if (kind == "row") {
      std::string prediction;
      SheetRow row;
      int set = 0;
      words >> prediction >> row.label >> set >> row.weight;
      row.set = static_cast<RowSet>(set);
      cases.back().rows.push_back(row);
      cases.back().predictions.push_back(prediction);
    }
  }
  return cases;
}

TEST(ExactScoring, AgreesWithFractionsOfWholeNumbers) {
  constexpr int kCases = 250;
  std::mt19937_64 random(31);
  for (const int seed : {1, 2, 3, 4}) {
    const std::vector<Case> cases = ReadCases(OutputOf(
        absl::StrFormat("python3 %s/exact_levels.py %d %d", PINHOLE_SCORE_TESTS, seed, kCases)));
    ASSERT_EQ(cases.size(), static_cast<size_t>(kCases));
    for (const Case& one : cases) {
      std::vector<size_t> order(one.rows.size());
      for (size_t i = 0; i < order.size(); ++i) order[i] = i;
      for (int turn = 0; turn < 3; ++turn) {
        std::vector<SheetRow> rows;
        std::string predictions;
        for (const size_t at : order) {
          rows.push_back(one.rows[at]);
          predictions += one.predictions[at] + "\n";
        }
        const std::optional<RunLevels> levels = Levels(predictions, SheetOf(one.scoring, rows));
        ASSERT_TRUE(levels.has_value()) << one.line;
        ASSERT_EQ(levels->public_level.index(), one.public_level) << one.line;
        ASSERT_EQ(levels->final_level.index(), one.final_level) << one.line;
        std::shuffle(order.begin(), order.end(), random);
      }
    }
  }
}

}  // namespace
}  // namespace pinhole::score
