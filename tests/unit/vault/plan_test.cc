// The plan: the baseline's level, the worst case, and what it refuses.
#include "server/vault/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/score/sheet.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::vault {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// Labels 1, 2, …, 5 in the public set, three times each: predicting 3 has an RMSE of sqrt(2)
// = 1.41421…
std::string Labels() {
  std::string records;
  for (int i = 0; i < 15; ++i) {
    const auto row = score::EncodeSheetRow(
        {.label = (i % 5 + 1) * int64_t{1'000'000}, .set = score::RowSet::kPublic});
    records.append(row.begin(), row.end());
  }
  return records;
}

log::DatasetEntry Dataset(int64_t budget_bits) {
  return {.dataset = "small",
          .public_rows = 15,
          .declassified = counting::Bits::Whole(96),
          .budget = counting::Bits::Whole(budget_bits)};
}

contest::ContestFile File(contest::ContestFile::Worst worst) {
  return {.policy = testing::DemoPolicy(), .worst = worst};
}

TEST(Plan, RoundsTheBaselineUpToTheStep) {
  const auto plan = MakePlan(File(contest::ContestFile::Worst::kBaseline), Dataset(8192), {},
                             {.baseline_prediction = 3'000'000}, Labels(), 1000);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->policy.scoring.scale.worst, 1'415'000);
  EXPECT_GT(plan->policy.baseline_thousandths, 0);
  EXPECT_EQ(plan->reserve, plan->worst.contest + counting::Bits{plan->policy.baseline_thousandths});
  EXPECT_TRUE(plan->failures.empty());
  // The numbers of the design's table for the demo: 3 teams of 59 bits and 64 for acts.
  const auto declared =
      MakePlan(File(contest::ContestFile::Worst::kDeclared), Dataset(8192), {}, {}, "", 1000);
  EXPECT_NEAR(static_cast<double>(declared->reserve.thousandths) / 1000, 241, 0.5);
}

TEST(Plan, RefusesWhatItCannotKeep) {
  auto plan =
      MakePlan(File(contest::ContestFile::Worst::kDeclared), Dataset(300), {}, {}, "", 1000);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->failures,
              Contains(HasSubstr("needs 240.889 bits and the data set has 204.000 left")));
  contest::ContestFile many = File(contest::ContestFile::Worst::kDeclared);
  many.policy.rounds.count = 10;
  plan = MakePlan(many, Dataset(8192), {}, {}, "", 1000);
  EXPECT_THAT(plan->failures, Contains(HasSubstr("overbooked more than three times")));
  EXPECT_THAT(PlanText(*plan), HasSubstr("refused: overbooked"));
  testing::LedgerBuilder open;
  open.Start();
  open.Dataset();
  open.OpenContest(testing::DemoPolicy());
  plan = MakePlan(File(contest::ContestFile::Worst::kDeclared), Dataset(8192), open.state(), {}, "",
                  1000);
  EXPECT_THAT(plan->failures, Contains(HasSubstr("contest demo is open")));
}

// CHANNEL.md section 1.6, the table's row of 88 bits and 10,000 rows: epsilon 0.057, factor 0.994.
TEST(Plan, BoundsOverfittingAsPublished) {
  Plan plan;
  plan.reserve = counting::Bits::Whole(88);
  plan.public_rows = 10'000;
  EXPECT_NEAR(OverfitEpsilon(plan), 0.057, 0.0005);
  EXPECT_NEAR(OverfitFactor(plan), 0.994, 0.0005);
  plan.reserve = counting::Bits::Whole(1229);
  plan.public_rows = 1000;
  EXPECT_NEAR(OverfitEpsilon(plan), 0.654, 0.0005);
  EXPECT_NEAR(OverfitFactor(plan), 0.425, 0.0005);
}

TEST(ImportFacts, AreReadBack) {
  for (const ImportFacts& facts :
       {ImportFacts{3'501'557, 4'000'000, 609}, ImportFacts{-1, -2, std::nullopt},
        ImportFacts{0, std::nullopt, 0}}) {
    const auto read = ParseImportFacts(FormatImportFacts(facts));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, facts);
  }
  for (const char* bad : {"", "baseline_prediction=1\n",
                          "majority_label=1\npersons_in_both=1\nbaseline_prediction=1\n",
                          "baseline_prediction=1\npersons_in_both=1\n",
                          "baseline_prediction=1\nmajority_label=1\npersons_in_both=x\n",
                          "baseline_prediction=1\nmajority_label=-\npersons_in_both=-\nmore"}) {
    EXPECT_FALSE(ParseImportFacts(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace pinhole::vault
