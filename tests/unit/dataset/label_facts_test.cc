// The baselines of a label column: mean and most frequent value, exactly.
#include "server/dataset/label_facts.h"

#include <gtest/gtest.h>

#include <vector>

namespace pinhole::dataset {
namespace {

LabelFacts Seen(const std::vector<int64_t>& labels) {
  LabelFacts facts;
  for (const int64_t label : labels) facts.See(label);
  return facts;
}

TEST(LabelFacts, MeanRoundsTiesToEven) {
  const struct {
    std::vector<int64_t> labels;
    int64_t mean;
  } cases[] = {
      {{5, 0}, 2},    {{7, 0}, 4},      {{-5, 0}, -2},    {{-7, 0}, -4},        {{7, 0, 0}, 2},
      {{8, 0, 0}, 3}, {{-7, 0, 0}, -2}, {{-8, 0, 0}, -3}, {{0, 0, 0, 0, 0}, 0}, {{1, 0}, 0},
  };
  for (const auto& c : cases) EXPECT_EQ(Seen(c.labels).Mean(), c.mean) << c.labels[0];
  EXPECT_FALSE(LabelFacts().Mean().has_value());
}

TEST(LabelFacts, MajorityIsTheMostFrequentAndThenTheSmallest) {
  const struct {
    std::vector<int64_t> labels;
    int64_t majority;
  } cases[] = {
      {{7}, 7}, {{1, 2, 2}, 2}, {{2, 1, 1, 2}, 1}, {{3, -3, 3, -3, 0}, -3}, {{0, 5, 0, 5, 5}, 5},
  };
  for (const auto& c : cases) EXPECT_EQ(Seen(c.labels).Majority(), c.majority) << c.majority;
  EXPECT_FALSE(LabelFacts().Majority().has_value());
}

TEST(LabelFacts, StopsCountingLabelsAtTheLimitAndKeepsTheMean) {
  LabelFacts facts;
  const auto limit = static_cast<int64_t>(kDistinctLabelLimit);
  for (int64_t label = 0; label < limit; ++label) facts.See(label);
  facts.See(limit - 1);
  EXPECT_EQ(facts.Majority(), limit - 1);
  facts.See(limit);
  EXPECT_FALSE(facts.Majority().has_value());
  facts.See(limit - 1);
  EXPECT_FALSE(facts.Majority().has_value());
  EXPECT_EQ(facts.count(), limit + 3);
  EXPECT_EQ(facts.sum(), limit * (limit - 1) / 2 + 2 * (limit - 1) + limit);
}

}  // namespace
}  // namespace pinhole::dataset
