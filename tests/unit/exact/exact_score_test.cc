// Exact scores as text, against sums that are counted here.
#include "server/core/exact/exact_score.h"

#include "tests/unit/score/mock.h"

namespace pinhole::exact {
namespace {

using contest::Metric;
using contest::RowWeights;
using score::RowSet;
using score::SheetRow;

ExactText PublicOf(const contest::Scoring& scoring, const std::vector<SheetRow>& rows,
                   const std::vector<int64_t>& predictions) {
  const score::ScoringOutcome outcome =
      score::Outcome(score::TextOf(predictions), score::SheetOf(scoring, rows));
  EXPECT_TRUE(outcome.scores.has_value());
  return outcome.scores.has_value() ? Reading::Of(outcome.scores->public_score) : ExactText{};
}

// Errors of 0.9 and 0.6 in rows that weigh 1 and 3, and one row exactly right; a final row apart.
const std::vector<SheetRow> kRows = {{3'000'000, RowSet::kPublic, 1000},
                                     {4'000'000, RowSet::kPublic, 3000},
                                     {2'000'000, RowSet::kPublic, 1000},
                                     {5'000'000, RowSet::kFinal, 1000}};
const std::vector<int64_t> kPredictions = {3'900'000, 3'400'000, 2'000'000, 5'000'000};

TEST(ExactScore, OfEveryMetricIsItsSumByHand) {
  struct Case {
    Metric metric;
    ExactText equal;
    ExactText weighted;
  };
  const Case cases[] = {
      // sqrt((0.81 + 0.36) / 3), sqrt((0.81 + 3 * 0.36) / 5)
      {Metric::kRmse,
       {"0.624500", "1170000000000", "3", "1"},
       {"0.614817", "1890000000000000", "5000", "1000"}},
      {Metric::kMse,
       {"0.390000", "1170000000000", "3", "1"},
       {"0.378000", "1890000000000000", "5000", "1000"}},
      {Metric::kMae, {"0.500000", "1500000", "3", "1"}, {"0.540000", "2700000000", "5000", "1000"}},
      {Metric::kMatches, {"1.000000", "1", "3", "1"}, {"1.000000", "1000", "5000", "1000"}},
      {Metric::kMismatches, {"2.000000", "2", "3", "1"}, {"4.000000", "4000", "5000", "1000"}},
      {Metric::kAccuracy, {"0.333333", "1", "3", "1"}, {"0.200000", "1000", "5000", "1000"}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(static_cast<int>(each.metric));
    contest::Scoring scoring = score::StarScoring(each.metric);
    for (const RowWeights weights : {RowWeights::kEqual, RowWeights::kColumn}) {
      scoring.weights = weights;
      const ExactText text = PublicOf(scoring, kRows, kPredictions);
      const ExactText& wanted = weights == RowWeights::kEqual ? each.equal : each.weighted;
      EXPECT_EQ(text.score, wanted.score);
      EXPECT_EQ(text.sum, wanted.sum);
      EXPECT_EQ(text.weight, wanted.weight);
      EXPECT_EQ(text.one_row, wanted.one_row);
    }
  }
}

TEST(ExactScore, FinalRowsAreApart) {
  const score::ScoringOutcome outcome =
      score::Outcome(score::TextOf({3'900'000, 3'400'000, 2'000'000, 4'250'000}),
                     score::SheetOf(score::StarScoring(Metric::kRmse), kRows));
  ASSERT_TRUE(outcome.scores.has_value());
  EXPECT_EQ(Reading::Of(outcome.scores->final_score),
            (ExactText{"0.750000", "562500000000", "1", "1"}));
}

// The widest errors there are: sums of 128 bits, digit by digit.
TEST(ExactScore, OfTheWidestRangeHasEveryDigit) {
  contest::Scoring scoring = score::StarScoring(Metric::kMse);
  scoring.range_low = -contest::kValueLimit;
  scoring.range_high = contest::kValueLimit;
  const std::vector<SheetRow> rows(7, {-contest::kValueLimit, RowSet::kPublic});
  const ExactText text = PublicOf(scoring, rows, std::vector<int64_t>(7, contest::kValueLimit));
  EXPECT_EQ(text.sum, "28000000000000000000000000000000");  // 7 * (2 * 10^15)^2
  EXPECT_EQ(text.score, "4000000000000000000.000000");
}

TEST(ExactScore, OfASetThatWeighsNothingIsNone) {
  const score::ScoringOutcome outcome = score::Outcome(
      "3\n", score::SheetOf(score::StarScoring(Metric::kRmse), {{3'000'000, RowSet::kPublic}}));
  ASSERT_TRUE(outcome.scores.has_value());
  EXPECT_EQ(Reading::Of(outcome.scores->final_score), (ExactText{"none", "0", "0", "1"}));
}

}  // namespace
}  // namespace pinhole::exact
