// Whole scorings in memory: the exact value, any order of rows, any format, any torn sheet.
#include "server/core/score/scoring.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "server/core/rehearsal/reveal.h"
#include "tests/unit/score/mock.h"

namespace pinhole::score {
namespace {

using contest::Metric;
using contest::PredictionFormat;

struct Mock {
  std::vector<SheetRow> rows;
  std::vector<int64_t> predictions;
};

Mock RandomMock(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  Mock mock;
  for (size_t i = 0; i < count; ++i) {
    mock.rows.push_back({static_cast<int64_t>(1 + random() % 5) * 1'000'000,
                         random() % 3 == 0 ? RowSet::kFinal : RowSet::kPublic});
    // Multiples of 1/64, so that text, f32 and f64 can all say them exactly.
    mock.predictions.push_back(static_cast<int64_t>(64 + random() % 257) * 15'625);
  }
  return mock;
}

rehearsal::ExactScores Exact(const std::string& predictions, const std::string& sheet) {
  absl::StatusOr<rehearsal::ExactScores> scores =
      rehearsal::RevealForRehearsal(AsBytes(predictions), AsBytes(sheet));
  if (!scores.ok()) throw std::runtime_error(std::string(scores.status().message()));
  return *scores;
}

template <typename T>
std::string BinaryOf(const std::vector<int64_t>& predictions) {
  std::string bytes(kBinaryMagic);
  for (const int64_t value : predictions) {
    const T number = static_cast<T>(static_cast<double>(value) / 1e6);
    char raw[sizeof(T)];
    std::memcpy(raw, &number, sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

TEST(Scoring, ComputesTheMetricOfEachSet) {
  const std::vector<SheetRow> rows = {{1'000'000, RowSet::kPublic},
                                      {2'000'000, RowSet::kFinal},
                                      {3'000'000, RowSet::kPublic},
                                      {4'000'000, RowSet::kFinal},
                                      {5'000'000, RowSet::kFinal}};
  const std::string predictions = "4\n2\n3\n3.5\n4.5\n";  // errors 3, 0, 0, -0.5, -0.5
  const auto rmse = Exact(predictions, SheetOf(StarScoring(Metric::kRmse), rows));
  EXPECT_DOUBLE_EQ(rmse.public_score, std::sqrt(9.0 / 2));
  EXPECT_DOUBLE_EQ(rmse.final_score, std::sqrt(0.5 / 3));
  EXPECT_EQ(rmse.public_rows, 2);
  EXPECT_EQ(rmse.final_rows, 3);
  const auto mae = Exact(predictions, SheetOf(StarScoring(Metric::kMae), rows));
  EXPECT_DOUBLE_EQ(mae.public_score, 1.5);
  EXPECT_DOUBLE_EQ(mae.final_score, 1.0 / 3);
  const auto matches = Exact(predictions, SheetOf(StarScoring(Metric::kMatches), rows));
  EXPECT_DOUBLE_EQ(matches.public_score, 1);
  EXPECT_DOUBLE_EQ(matches.final_score, 1);
  EXPECT_EQ(matches.levels.public_level.index(), 9);
}

TEST(Scoring, WeighsRows) {
  // Errors 3 and 0 public, 2 final; weights 0.5, 1.5 and 4.
  const std::vector<SheetRow> rows = {{1'000'000, RowSet::kPublic, 500},
                                      {3'000'000, RowSet::kPublic, 1500},
                                      {2'000'000, RowSet::kFinal, 4000}};
  const std::string predictions = "4\n3\n4\n";
  const auto exact = [&](Metric metric) {
    contest::Scoring scoring = StarScoring(metric);
    scoring.weights = contest::RowWeights::kColumn;
    return Exact(predictions, SheetOf(scoring, rows));
  };
  EXPECT_DOUBLE_EQ(exact(Metric::kRmse).public_score, std::sqrt(0.5 * 9 / 2));
  EXPECT_DOUBLE_EQ(exact(Metric::kRmse).final_score, 2);
  EXPECT_DOUBLE_EQ(exact(Metric::kMae).public_score, 0.75);
  EXPECT_DOUBLE_EQ(exact(Metric::kMatches).public_score, 1.5);
  EXPECT_DOUBLE_EQ(exact(Metric::kMatches).final_score, 0);
}

// A row of weight k counts as k equal rows do, and weights of 1 as no weights.
TEST(ExactScoring, WholeWeightsAreRepeatedRows) {
  std::mt19937_64 random(21);
  for (const Metric metric : kAllMetrics) {
    Mock weighted = RandomMock(300, 22);
    Mock repeated;
    Mock ones = weighted;
    for (size_t i = 0; i < weighted.rows.size(); ++i) {
      const uint64_t times = random() % 5;
      weighted.rows[i].weight = static_cast<uint32_t>(times * kOneRow);
      for (uint64_t j = 0; j < times; ++j) {
        repeated.rows.push_back(ones.rows[i]);
        repeated.predictions.push_back(ones.predictions[i]);
      }
    }
    contest::Scoring equal = StarScoring(metric);
    contest::Scoring column = equal;
    column.weights = contest::RowWeights::kColumn;
    EXPECT_EQ(Exact(TextOf(weighted.predictions), SheetOf(column, weighted.rows)).levels,
              Exact(TextOf(repeated.predictions), SheetOf(equal, repeated.rows)).levels);
    EXPECT_EQ(Exact(TextOf(ones.predictions), SheetOf(column, ones.rows)).levels,
              Exact(TextOf(ones.predictions), SheetOf(equal, ones.rows)).levels);
  }
}

// CHANNEL.md 5.3, 9: whatever the row order.
TEST(ExactScoring, AnyOrderOfRowsGivesTheSame) {
  for (const Metric metric : kAllMetrics) {
    const Mock mock = RandomMock(5000, 11);
    const contest::Scoring scoring = StarScoring(metric);
    const auto expected = Exact(TextOf(mock.predictions), SheetOf(scoring, mock.rows));
    std::mt19937_64 random(12);
    std::vector<size_t> order(mock.rows.size());
    std::iota(order.begin(), order.end(), 0);
    for (int i = 0; i < 5; ++i) {
      std::shuffle(order.begin(), order.end(), random);
      Mock other;
      for (const size_t at : order) {
        other.rows.push_back(mock.rows[at]);
        other.predictions.push_back(mock.predictions[at]);
      }
      const auto scores = Exact(TextOf(other.predictions), SheetOf(scoring, other.rows));
      EXPECT_EQ(scores.public_score, expected.public_score);
      EXPECT_EQ(scores.final_score, expected.final_score);
      EXPECT_EQ(scores.levels, expected.levels);
    }
  }
}

TEST(ExactScoring, EveryFormatGivesTheSame) {
  const Mock mock = RandomMock(9001, 13);
  contest::Scoring scoring = StarScoring(Metric::kRmse);
  const auto text = Exact(TextOf(mock.predictions), SheetOf(scoring, mock.rows));
  scoring.format = PredictionFormat::kF32;
  const auto narrow = Exact(BinaryOf<float>(mock.predictions), SheetOf(scoring, mock.rows));
  scoring.format = PredictionFormat::kF64;
  const auto wide = Exact(BinaryOf<double>(mock.predictions), SheetOf(scoring, mock.rows));
  EXPECT_EQ(text.public_score, narrow.public_score);
  EXPECT_EQ(text.public_score, wide.public_score);
  EXPECT_EQ(text.final_score, narrow.final_score);
  EXPECT_EQ(text.final_score, wide.final_score);
}

// Gives a few bytes at a time, as a pipe does.
class TricklingSource final : public ByteSource {
 public:
  TricklingSource(std::string_view bytes, size_t most) : source_(AsBytes(bytes)), most_(most) {}
  ptrdiff_t Read(std::span<uint8_t> into) override {
    return source_.Read(into.first(std::min(most_, into.size())));
  }

 private:
  MemorySource source_;
  const size_t most_;
};

TEST(Scoring, ShortReadsMakeNoDifference) {
  const Mock mock = RandomMock(500, 14);
  const std::string predictions = TextOf(mock.predictions);
  const std::string sheet = SheetOf(StarScoring(Metric::kRmse), mock.rows);
  const std::optional<RunLevels> expected = Levels(predictions, sheet);
  ASSERT_TRUE(expected.has_value());
  const auto buffers = std::make_unique<ScoringBuffers>();
  for (size_t most = 1; most <= 17; ++most) {
    TricklingSource prediction_source(predictions, most);
    TricklingSource sheet_source(sheet, 18 - most);
    EXPECT_EQ(ScoreStream(prediction_source, sheet_source, *buffers), expected) << most;
  }
}

class BrokenSource final : public ByteSource {
 public:
  ptrdiff_t Read(std::span<uint8_t>) override { return -1; }
};

TEST(Scoring, FailedReadIsAFault) {
  const std::string sheet = SheetOf(StarScoring(Metric::kRmse), {{3'000'000, RowSet::kPublic}});
  const auto buffers = std::make_unique<ScoringBuffers>();
  BrokenSource broken;
  MemorySource sheet_source(AsBytes(sheet));
  EXPECT_EQ(ScoreExactly(broken, sheet_source, *buffers).fault, ScoringFault::kRead);
  MemorySource predictions(AsBytes("3\n"));
  EXPECT_EQ(ScoreExactly(predictions, broken, *buffers).fault, ScoringFault::kSheet);
}

struct TornCase {
  const char* name;
  void (*change)(std::string&);
};

TEST(Scoring, RefusesASheetThatContradictsItsHeader) {
  const std::vector<SheetRow> rows = {
      {3'000'000, RowSet::kPublic}, {4'000'000, RowSet::kFinal}, {5'000'000, RowSet::kPublic}};
  const std::string good = SheetOf(StarScoring(Metric::kRmse), rows);
  ASSERT_EQ(Outcome("3\n4\n5\n", good).fault, ScoringFault::kNone);
  const TornCase cases[] = {
      {"empty", [](std::string& s) { s.clear(); }},
      {"header_only", [](std::string& s) { s.resize(kSheetHeaderSize); }},
      {"half_a_header", [](std::string& s) { s.resize(64); }},
      {"one_byte_short", [](std::string& s) { s.pop_back(); }},
      {"one_record_short", [](std::string& s) { s.resize(s.size() - kSheetRecordSize); }},
      {"one_byte_more", [](std::string& s) { s += '\0'; }},
      {"label_changed", [](std::string& s) { s[kSheetHeaderSize] ^= 1; }},
      {"label_out_of_range", [](std::string& s) { s[kSheetHeaderSize + 7] = '\x7f'; }},
      {"label_far_below", [](std::string& s) { s[kSheetHeaderSize + 7] = '\x80'; }},
      {"set_flipped", [](std::string& s) { s[kSheetHeaderSize + 8] = 1; }},
      {"set_unknown", [](std::string& s) { s[kSheetHeaderSize + 8] = 2; }},
      {"set_far_unknown", [](std::string& s) { s[kSheetHeaderSize + 8] = '\xfe'; }},
      {"labels_and_sets_shifted", [](std::string& s) { s.insert(kSheetHeaderSize, 1, '\0'); }},
  };
  contest::Scoring weighted = StarScoring(Metric::kRmse);
  weighted.weights = contest::RowWeights::kColumn;
  for (const size_t at : {size_t{9}, size_t{12}, kSheetRecordSize + 9}) {
    std::string sheet = SheetOf(weighted, rows);
    ASSERT_EQ(Outcome("3\n4\n5\n", sheet).fault, ScoringFault::kNone);
    sheet[kSheetHeaderSize + at] ^= 1;
    EXPECT_EQ(Outcome("3\n4\n5\n", sheet).fault, ScoringFault::kSheet) << "weight, byte " << at;
  }
  for (const TornCase& each : cases) {
    std::string sheet = good;
    each.change(sheet);
    const ScoringOutcome outcome = Outcome("3\n4\n5\n", sheet);
    EXPECT_EQ(outcome.fault, ScoringFault::kSheet) << each.name;
    EXPECT_FALSE(outcome.scores.has_value()) << each.name;
    EXPECT_FALSE(Levels("3\n4\n5\n", sheet).has_value()) << each.name;
  }
}

TEST(Scoring, ManyBatchesOfRows) {
  // Three batches and a bit, with a fault in the last row.
  const Mock mock = RandomMock(3 * ScoringBuffers::kBatch + 5, 15);
  const std::string sheet = SheetOf(StarScoring(Metric::kRmse), mock.rows);
  std::string predictions = TextOf(mock.predictions);
  EXPECT_TRUE(Levels(predictions, sheet).has_value());
  predictions.pop_back();
  EXPECT_TRUE(Levels(predictions, sheet).has_value());
  predictions.back() = 'x';
  const ScoringOutcome outcome = Outcome(predictions, sheet);
  EXPECT_EQ(outcome.fault, ScoringFault::kPredictions);
  EXPECT_EQ(outcome.rows_read, mock.rows.size() - 1);
}

}  // namespace
}  // namespace pinhole::score
