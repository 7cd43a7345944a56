// Levels at their exact borders, and against a plain search over all levels in wide integers.
#include "server/core/score/leveller.h"

#include <concepts>
#include <ostream>
#include <random>
#include <type_traits>

#include "server/core/score/wide.h"
#include "tests/unit/score/mock.h"

namespace pinhole::score {
namespace {

using contest::Metric;

// The types are the policy.
static_assert(!std::is_default_constructible_v<Level>);
static_assert(!std::is_constructible_v<Level, int>);
static_assert(!std::is_convertible_v<int, Level>);
static_assert(!std::is_aggregate_v<Level>);
static_assert(!std::is_default_constructible_v<RawScore>);
static_assert(!std::is_constructible_v<RawScore, Metric, uint64_t, uint64_t, uint32_t>);
static_assert(!std::is_constructible_v<RawScore, Metric, int, int, int>);
static_assert(!std::is_aggregate_v<RawScore>);
static_assert(std::is_copy_constructible_v<RawScore>);
static_assert(!std::equality_comparable<RawScore>);
static_assert(!std::totally_ordered<RawScore>);
static_assert(!std::is_convertible_v<RawScore, double>);
static_assert(!std::is_convertible_v<RawScore, int64_t>);
template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(Printable<int> && !Printable<RawScore> && !Printable<Level>);
template <typename T>
concept SumReadable = requires(const T& value) {
  value.sum_;
};
template <typename T>
concept WeightReadable = requires(const T& value) {
  value.weight_;
};
template <typename T>
concept IndexWritable = requires(T& value) {
  value.index_ = 0;
};
struct Open {
  int sum_;
  int weight_;
  int index_;
};
static_assert(SumReadable<Open> && !SumReadable<RawScore>);
static_assert(WeightReadable<Open> && !WeightReadable<RawScore>);
static_assert(IndexWritable<Open> && !IndexWritable<Level>);

// Public rows with label 3 and these errors in millionths; one final row without error.
std::optional<RunLevels> LevelsOfErrors(const contest::Scoring& scoring,
                                        const std::vector<int64_t>& errors) {
  std::vector<SheetRow> rows;
  std::vector<int64_t> predictions;
  for (const int64_t error : errors) {
    rows.push_back({3'000'000, RowSet::kPublic});
    predictions.push_back(3'000'000 + error);
  }
  rows.push_back({3'000'000, RowSet::kFinal});
  predictions.push_back(3'000'000);
  return Levels(TextOf(predictions), SheetOf(scoring, rows));
}

struct BorderCase {
  const char* name;
  Metric metric;
  std::vector<int64_t> errors;
  int level;
};

TEST(LevelOf, BordersBelongToTheBetterLevel) {
  const int64_t one = 1'000'000;
  const BorderCase cases[] = {
      {"rmse_at_a_level", Metric::kRmse, {one, -one, one, -one}, 40},
      {"rmse_one_millionth_of_one_row_worse", Metric::kRmse, {one, -one, one, -one - 1}, 41},
      {"rmse_one_millionth_of_one_row_better", Metric::kRmse, {one, -one, one, -one + 1}, 40},
      {"rmse_at_the_next_better_level", Metric::kRmse, {995'000, 995'000}, 39},
      {"rmse_at_best", Metric::kRmse, {800'000}, 0},
      {"rmse_beyond_best", Metric::kRmse, {799'999}, 0},
      {"rmse_perfect", Metric::kRmse, {0}, 0},
      {"rmse_just_worse_than_best", Metric::kRmse, {800'001}, 1},
      {"rmse_at_worst", Metric::kRmse, {1'050'000, -1'050'000}, 50},
      {"rmse_just_worse_than_worst", Metric::kRmse, {1'050'000, -1'050'001}, 51},
      {"rmse_far_worse", Metric::kRmse, {2 * one}, 51},
      {"rmse_three_and_four", Metric::kRmse, {600'000, 800'000 * 2 - 600'000 - 200'000}, 0},
      {"mae_at_a_level", Metric::kMae, {900'000, -1'100'000}, 40},
      {"mae_one_worse", Metric::kMae, {900'000, -1'100'001}, 41},
      {"mae_half_a_millionth_better", Metric::kMae, {900'000, -1'099'999}, 40},
      {"mae_at_worst", Metric::kMae, {1'050'000}, 50},
      {"mae_worse_than_worst", Metric::kMae, {1'050'001}, 51},
      {"mae_beyond_best", Metric::kMae, {1}, 0},
      {"mse_at_a_level", Metric::kMse, {one, one, one, one}, 40},
      {"mse_one_millionth_of_one_row_worse", Metric::kMse, {one, one, one, -one - 1}, 41},
      {"mse_at_worst", Metric::kMse, {0, 1'449'137}, 50},
      {"mse_just_worse_than_worst", Metric::kMse, {0, 1'449'138}, 51},
      {"mismatches_none", Metric::kMismatches, {0, 0}, 0},
      {"mismatches_two", Metric::kMismatches, {1, 0, -1}, 2},
      {"mismatches_worse_than_worst", Metric::kMismatches, std::vector<int64_t>(11, 1), 11},
      {"accuracy_of_all", Metric::kAccuracy, {0, 0, 0}, 0},
      {"accuracy_at_a_level", Metric::kAccuracy, {0, 0, 0, 1}, 5},
      {"accuracy_of_two_thirds", Metric::kAccuracy, {0, 0, 1}, 7},
      {"accuracy_of_none", Metric::kAccuracy, {1}, 20},
      {"matches_none", Metric::kMatches, {1, 1, 1}, 10},
      {"matches_two", Metric::kMatches, {0, 1, 0}, 8},
      {"matches_at_best", Metric::kMatches, std::vector<int64_t>(10, 0), 0},
      {"matches_beyond_best", Metric::kMatches, std::vector<int64_t>(12, 0), 0},
      {"matches_one_millionth_is_no_match", Metric::kMatches, {0, 0, 0, -1}, 7},
  };
  for (const BorderCase& each : cases) {
    const std::optional<RunLevels> levels = LevelsOfErrors(StarScoring(each.metric), each.errors);
    ASSERT_TRUE(levels.has_value()) << each.name;
    EXPECT_EQ(levels->public_level.index(), each.level) << each.name;
  }
}

TEST(LevelOf, WorseThanWorstIsTheLevelCount) {
  contest::Scoring scoring = StarScoring(Metric::kMatches);
  scoring.scale = {.best = 5'000'000, .worst = 3'000'000, .step = 1'000'000};
  EXPECT_EQ(LevelsOfErrors(scoring, {0, 0, 1, 1, 1})->public_level.index(), 3);
  EXPECT_EQ(LevelsOfErrors(scoring, {0, 0, 0, 1, 1})->public_level.index(), 2);
  // Half a match more than there can be asked for is a whole match.
  scoring.scale = {.best = 4'500'000, .worst = 3'500'000, .step = 500'000};
  EXPECT_EQ(LevelsOfErrors(scoring, {0, 0, 0, 0, 1})->public_level.index(), 1);
  EXPECT_EQ(LevelsOfErrors(scoring, {0, 0, 0, 1, 1})->public_level.index(), 3);
}

TEST(LevelOf, PredictionsAreClippedToTheRange) {
  const std::string sheet = SheetOf(StarScoring(Metric::kMae),
                                    {{5'000'000, RowSet::kPublic}, {1'000'000, RowSet::kFinal}});
  const std::optional<RunLevels> levels = Levels("9e30\n-77\n", sheet);
  ASSERT_TRUE(levels.has_value());
  EXPECT_EQ(levels->public_level.index(), 0);
  EXPECT_EQ(levels->final_level.index(), 0);
}

TEST(LevelOf, SetOfNoRowsIsWorseThanWorst) {
  const std::string sheet = SheetOf(StarScoring(Metric::kRmse), {{3'000'000, RowSet::kPublic}});
  const std::optional<RunLevels> levels = Levels("3\n", sheet);
  ASSERT_TRUE(levels.has_value());
  EXPECT_EQ(levels->public_level.index(), 0);
  EXPECT_EQ(levels->final_level.index(), 51);
}

TEST(LevelOf, WidestRangeDoesNotOverflow) {
  contest::Scoring scoring = StarScoring(Metric::kRmse);
  scoring.range_low = -kMaxRangeEnd;
  scoring.range_high = kMaxRangeEnd;
  scoring.scale = {.best = 0, .worst = kMaxRangeEnd, .step = kMaxRangeEnd / 50'000};
  const std::string sheet = SheetOf(scoring, {{kMaxRangeEnd, RowSet::kPublic},
                                              {kMaxRangeEnd, RowSet::kPublic},
                                              {-kMaxRangeEnd, RowSet::kFinal}});
  const std::optional<RunLevels> levels = Levels("-1e30\n-1e30\n0\n", sheet);
  ASSERT_TRUE(levels.has_value());
  EXPECT_EQ(levels->public_level.index(), 50'001);
  EXPECT_EQ(levels->final_level.index(), 50'000);
}

// 2^32 rows and T = 10^15 are more than 128 bits, and so more than any sum.
TEST(ProductReaches, NeverWrapsAround) {
  const Wide most = ~Wide{0};
  const Wide square = Wide{1'000'000'000'000'000} * 1'000'000'000'000'000;
  EXPECT_TRUE(ProductReaches(uint64_t{1} << 32, square, most));
  EXPECT_TRUE(ProductReaches(uint64_t{1} << 32, Wide{1} << 96, 1));
  EXPECT_TRUE(ProductReaches(1, most, most));
  EXPECT_FALSE(ProductReaches(1, most - 1, most));
  EXPECT_TRUE(ProductReaches(3, 7, 21));
  EXPECT_FALSE(ProductReaches(3, 7, 22));
  EXPECT_FALSE(ProductReaches(0, most, 1));
}

// From best to worst, each level tried, by the formulas of leveller.h.
int BySearch(Metric metric, const std::vector<int64_t>& errors, const contest::LevelScale& scale) {
  Wide squares = 0;
  Wide magnitudes = 0;
  Wide matches = 0;
  for (const int64_t error : errors) {
    const Wide magnitude = static_cast<Wide>(error < 0 ? -error : error);
    squares += magnitude * magnitude;
    magnitudes += magnitude;
    matches += error == 0 ? 1 : 0;
  }
  int level = 0;
  for (; level < scale.level_count(); ++level) {
    const Wide threshold = static_cast<Wide>(scale.ValueOf(level));
    const Wide n = errors.size();
    if (metric == Metric::kRmse && squares <= n * threshold * threshold) break;
    if (metric == Metric::kMae && magnitudes <= n * threshold) break;
    if (metric == Metric::kMse && squares <= n * threshold * 1'000'000) break;
    if (metric == Metric::kMatches && matches * 1'000'000 >= threshold) break;
    if (metric == Metric::kMismatches && (n - matches) * 1'000'000 <= threshold) break;
    if (metric == Metric::kAccuracy && matches * 1'000'000 >= n * threshold) break;
  }
  return level;
}

TEST(LevelOf, AgreesWithASearchOverAllLevels) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 3000; ++i) {
    const auto metric = kAllMetrics[random() % std::size(kAllMetrics)];
    contest::Scoring scoring = StarScoring(metric);
    if (!contest::CountsMatches(metric)) {
      const int64_t step = static_cast<int64_t>(random() % 40'000) + 1;
      const int64_t best = static_cast<int64_t>(random() % 1'000'000);
      scoring.scale = {best, best + step * (static_cast<int64_t>(random() % 60) + 1), step};
    }
    const int64_t spread = static_cast<int64_t>(random() % 2'000'000) + 1;
    std::vector<int64_t> errors(1 + random() % 12);
    for (int64_t& error : errors) {
      error = random() % 3 == 0 ? 0 : static_cast<int64_t>(random() % 4'000'001) % spread;
      if (random() % 2 == 0) error = -error;
    }
    const std::optional<RunLevels> levels = LevelsOfErrors(scoring, errors);
    ASSERT_TRUE(levels.has_value());
    ASSERT_EQ(levels->public_level.index(), BySearch(metric, errors, scoring.scale)) << i;
  }
}

}  // namespace
}  // namespace pinhole::score
