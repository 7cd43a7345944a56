// What a rehearsal says: the exact score, or the line that is wrong and what to do about it.
#include "server/core/rehearsal/reveal.h"

#include <cstring>
#include <limits>

#include "tests/unit/score/mock.h"

namespace pinhole::rehearsal {
namespace {

using contest::Metric;
using contest::PredictionFormat;
using score::RowSet;

std::string Say(PredictionFormat format, const std::string& predictions) {
  contest::Scoring scoring = score::StarScoring(Metric::kRmse);
  scoring.format = format;
  const std::string sheet = score::SheetOf(
      scoring,
      {{3'000'000, RowSet::kPublic}, {4'321'987, RowSet::kPublic}, {2'000'000, RowSet::kFinal}});
  const absl::StatusOr<ExactScores> scores =
      RevealForRehearsal(AsBytes(predictions), AsBytes(sheet));
  return scores.ok() ? "" : std::string(scores.status().message());
}

TEST(RevealForRehearsal, NamesTheLineAndWhatToDo) {
  struct Case {
    const char* name;
    std::string text;
    const char* begins;
    const char* hints;
  };
  const Case cases[] = {
      {"good", "3\n4\n2\n", "", ""},
      {"word", "3\nabc\n2\n", "line 2: \"abc\" is not a number", "standard error"},
      {"nan", "3\n4\nnan\n", "line 3: \"nan\" is not a number", "finite"},
      {"infinity", "inf\n4\n2\n", "line 1: \"inf\" is not a number", "finite"},
      {"comma", "3,5\n4\n2\n", "line 1: \"3,5\" is not a number", "no comma"},
      {"space", "3 \n4\n2\n", "line 1: \"3 \" is not a number", "without spaces"},
      {"capital_exponent", "3\n4E0\n2\n", "line 2: \"4E0\" is not a number", "small e"},
      {"point_first", "3\n.5\n2\n", "line 2: \".5\" is not a number", "both sides"},
      {"point_last", "3\n5.\r\n2\n", "line 2: \"5.\\r\" is not a number", ""},
      {"empty_line", "3\n\n2\n", "line 2: \"\" is not a number", "empty lines"},
      {"control_characters", "3\n\x1b[2J\n2\n", "line 2: \"\\x1b[2J\" is not a number", ""},
      {"too_long", "3\n" + std::string(200, '7') + "\n2\n", "line 2: \"777777", "40 characters"},
      {"empty_line_behind", "3\n4\n2\n\n", "line 4: \"\" is one line too many", "nothing after"},
      {"too_few", "3\n4\n", "row count 2, expected 3", "once"},
      {"nothing", "", "row count 0, expected 3", "once"},
      {"too_many", "3\n4\n2\n1\n5", "row count 5, expected 3", "once"},
      {"binary", std::string("PINHOLE1\0\0\0\0\0\0\0\0\n", 17), "line 1: ", "takes text"},
  };
  for (const Case& each : cases) {
    const std::string said = Say(PredictionFormat::kText, each.text);
    EXPECT_EQ(said.substr(0, std::strlen(each.begins)), each.begins) << each.name << ": " << said;
    EXPECT_NE(said.find(each.hints), std::string::npos) << each.name << ": " << said;
    EXPECT_EQ(said.empty(), *each.begins == '\0') << each.name << ": " << said;
    EXPECT_LT(said.size(), 300U) << each.name;
    EXPECT_EQ(said.find("4.321987"), std::string::npos) << "a label in " << each.name;
  }
}

TEST(RevealForRehearsal, NamesTheRowOfABinaryOutput) {
  const auto bytes = [](std::vector<double> values) {
    std::string out(score::kBinaryMagic);
    for (const double value : values) {
      char raw[8];
      std::memcpy(raw, &value, 8);
      out.append(raw, 8);
    }
    return out;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Say(PredictionFormat::kF64, bytes({3, 4, 2})), "");
  EXPECT_EQ(Say(PredictionFormat::kF64, bytes({3, nan, 2})),
            "row 1: NaN or infinity: write a finite f64");
  EXPECT_EQ(Say(PredictionFormat::kF64, bytes({3, 4})).substr(0, 23), "row count 2, expected 3");
  EXPECT_EQ(Say(PredictionFormat::kF64, bytes({3, 4, 2, 1})).substr(0, 23),
            "row count 4, expected 3");
  EXPECT_EQ(Say(PredictionFormat::kF64, bytes({3, 4, 2}).substr(0, 30)),
            "22 bytes after \"PINHOLE1\", expected 3 rows of 8 bytes (f64, little-endian)");
  EXPECT_EQ(Say(PredictionFormat::kF32, bytes({3, 4, 2}).substr(0, 21)),
            "13 bytes after \"PINHOLE1\", expected 3 rows of 4 bytes (f32, little-endian)");
  EXPECT_NE(Say(PredictionFormat::kF64, "3\n4\n2\n").find("takes binary"), std::string::npos);
}

TEST(RevealForRehearsal, GivesScoresRowsAndLevels) {
  const std::string sheet = score::SheetOf(
      score::StarScoring(Metric::kRmse),
      {{3'000'000, RowSet::kPublic}, {4'000'000, RowSet::kPublic}, {2'000'000, RowSet::kFinal}});
  const absl::StatusOr<ExactScores> scores =
      RevealForRehearsal(AsBytes("3.9\n3.1\n2\n"), AsBytes(sheet));
  ASSERT_TRUE(scores.ok()) << scores.status();
  EXPECT_DOUBLE_EQ(scores->public_score, 0.9);
  EXPECT_DOUBLE_EQ(scores->final_score, 0);
  EXPECT_EQ(scores->public_rows, 2);
  EXPECT_EQ(scores->final_rows, 1);
  EXPECT_EQ(scores->levels.public_level.index(), 20);
  EXPECT_EQ(scores->levels.final_level.index(), 0);
}

TEST(RevealForRehearsal, TornSheetIsNotTheContestantsFault) {
  const absl::StatusOr<ExactScores> scores = RevealForRehearsal(AsBytes("3\n"), AsBytes("x"));
  EXPECT_EQ(scores.status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace pinhole::rehearsal
