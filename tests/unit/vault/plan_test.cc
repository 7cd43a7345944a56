// The plan: the baseline's level, the worst case, and what it refuses.
#include "server/vault/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/core/counting/statement.h"
#include "server/core/score/sheet.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::vault {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

// Labels 1, 2, …, 5 in the public set, three times each: predicting 3 has an RMSE of sqrt(2)
// = 1.41421…, an MSE of 2, an MAE of 1.2, and 3 matches of 15.
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

// What MakePlan borrows.
struct Ingredients {
  contest::ContestFile file = File(contest::ContestFile::Worst::kDeclared);
  log::DatasetEntry dataset = Dataset(8192);
  replay::LedgerState state;
  ImportFacts facts{.baseline_prediction = 3'000'000, .majority_label = 3'000'000};
  std::string labels = Labels();
  contest::Degraded degraded;
  bool machine_locked = false;
  Overbooking overbooking = Overbooking::kRefused;

  absl::StatusOr<Plan> Make() const {
    return MakePlan({.file = file,
                     .dataset = dataset,
                     .state = state,
                     .facts = facts,
                     .label_records = labels,
                     .degraded = degraded,
                     .machine_locked = machine_locked,
                     .overbooking = overbooking,
                     .origin_ms = 1000});
  }
};

TEST(Plan, RoundsTheBaselineUpToTheStep) {
  Ingredients world;
  world.file.worst = contest::ContestFile::Worst::kBaseline;
  const auto plan = world.Make();
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->policy.scoring.scale.worst, 1'415'000);
  EXPECT_GT(plan->policy.baseline_thousandths, 0);
  EXPECT_EQ(plan->reserve, plan->worst.contest + counting::Bits{plan->policy.baseline_thousandths});
  EXPECT_TRUE(plan->failures.empty());
  // The numbers of the design's table for the demo: 3 teams of 59 bits and 64 for acts.
  const auto declared = Ingredients().Make();
  EXPECT_NEAR(static_cast<double>(declared->reserve.thousandths) / 1000, 241, 0.5);
}

struct BaselineCase {
  const char* name;
  contest::Metric metric;
  contest::LevelScale scale;
  int64_t worst;
  int64_t bits_thousandths;  // log2 of the levels that declared values allow
};

TEST(Plan, EveryMetricHasItsBaseline) {
  using contest::Metric;
  constexpr int64_t kOne = 1'000'000;
  for (const BaselineCase& each : {
           // From 0.8 by 0.005 to the width of the range, 4.5, and one step on: 742 levels.
           BaselineCase{"rmse", Metric::kRmse, {800'000, 0, 5'000}, 1'415'000, 9536},
           // From 0.5 by 0.3 on: 2 is the sixth level exactly; 20.25 is the square of the width.
           BaselineCase{"mse", Metric::kMse, {500'000, 0, 300'000}, 2 * kOne, 6067},
           BaselineCase{"mae", Metric::kMae, {500'000, 0, 250'000}, 1'250'000, 4170},
           // From 14 down by 2 to 0: 3 matches are between 4 and 2.
           BaselineCase{"matches", Metric::kMatches, {14 * kOne, 0, 2 * kOne}, 2 * kOne, 3000},
           // From 1 up by 2, past 15: 12 mismatches are between 11 and 13.
           BaselineCase{"mismatches", Metric::kMismatches, {kOne, 0, 2 * kOne}, 13 * kOne, 3170},
           BaselineCase{"accuracy", Metric::kAccuracy, {kOne, 0, 150'000}, 100'000, 2808},
       }) {
    Ingredients world;
    world.file.worst = contest::ContestFile::Worst::kBaseline;
    world.file.policy.scoring.metric = each.metric;
    world.file.policy.scoring.scale = each.scale;
    world.file.policy.release.shown_scores = 3;
    world.file.policy.rounds.count = 5000;
    const auto plan = world.Make();
    ASSERT_TRUE(plan.ok()) << each.name << ": " << plan.status();
    EXPECT_EQ(plan->policy.scoring.scale.worst, each.worst) << each.name;
    EXPECT_EQ(plan->policy.baseline_thousandths, each.bits_thousandths) << each.name;
  }
}

TEST(Plan, SaysWhyThereIsNoBaseline) {
  Ingredients world;
  world.file.worst = contest::ContestFile::Worst::kBaseline;
  contest::Scoring& scoring = world.file.policy.scoring;
  scoring.scale = {.best = 1'500'000, .step = 5'000};
  EXPECT_THAT(std::string(world.Make().status().message()),
              HasSubstr("score.best 1.5 is no better than score.worst \"baseline\""));
  scoring.scale = {.best = 4'499'000, .step = 5'000};
  EXPECT_THAT(std::string(world.Make().status().message()),
              HasSubstr("score.best 4.499 and score.step 0.005 leave no level"));
  scoring.scale = {.best = 0, .step = 1};
  EXPECT_THAT(std::string(world.Make().status().message()),
              HasSubstr("score.step 0.000001 is too fine"));
  scoring.range_high = 4'000'000;
  scoring.scale = {.best = 800'000, .step = 5'000};
  EXPECT_THAT(std::string(world.Make().status().message()), HasSubstr("outside score.range"));
  world = Ingredients();
  world.file.worst = contest::ContestFile::Worst::kBaseline;
  world.file.policy.scoring.metric = contest::Metric::kAccuracy;
  world.file.policy.scoring.scale = {.best = 1'000'000, .step = 10'000};
  world.facts.majority_label.reset();
  EXPECT_THAT(std::string(world.Make().status().message()), HasSubstr("most frequent training"));
}

TEST(Plan, RefusesWhatItCannotKeep) {
  Ingredients poor;
  poor.dataset = Dataset(300);
  EXPECT_THAT(poor.Make()->failures,
              Contains(HasSubstr("needs 240.889 bits and the data set has 204.000 left")));
  Ingredients many;
  many.file.policy.rounds.count = 10;
  auto plan = many.Make();
  EXPECT_THAT(plan->failures, Contains(HasSubstr("overbooked more than three times")));
  EXPECT_THAT(PlanText(*plan), HasSubstr("refused: overbooked"));
  many.overbooking = Overbooking::kAllowed;
  plan = many.Make();
  EXPECT_TRUE(plan->failures.empty());
  EXPECT_THAT(plan->warnings, Contains(HasSubstr("60 tries are promised and 9 runs fit")));
  Ingredients no_acts;
  no_acts.file.policy.release.acts_thousandths = 38'000;
  EXPECT_THAT(no_acts.Make()->failures,
              Contains(AllOf(HasSubstr("release.acts_bits 38.000 does not pay"),
                             HasSubstr("rounds.max_shift 1000"), HasSubstr("rounds.duration"))));
  Ingredients labels;
  labels.dataset.shape = *contest::ParseShape("t(y:f64[0..5])", "t", "y");
  EXPECT_THAT(labels.Make()->failures, Contains(HasSubstr("score.range 0.5 to 5 does not hold")));
  Ingredients endless;
  endless.file.policy.release = {.rule = contest::ReleaseRule::kEveryScore,
                                 .tries = 5000,
                                 .teams = 1,
                                 .acts_thousandths = 64'000};
  endless.file.policy.rounds.count = 100'000;
  EXPECT_THAT(endless.Make()->failures,
              Contains(AllOf(HasSubstr("release.tries"), HasSubstr("score.step"))));
  testing::LedgerBuilder open;
  open.Start();
  open.Dataset();
  open.OpenContest(testing::DemoPolicy());
  Ingredients second;
  second.state = open.state();
  EXPECT_THAT(second.Make()->failures, Contains(HasSubstr("contest demo is open")));
}

TEST(Plan, TheDataSetDecidesTheDeployment) {
  Ingredients world;
  world.dataset.deployment = contest::Deployment::kTwoMachine;
  EXPECT_EQ(world.Make()->policy.deployment, contest::Deployment::kTwoMachine);
  world.file.deployment = contest::Deployment::kTwoMachine;
  EXPECT_THAT(world.Make()->failures, Contains(HasSubstr("name machine_lock")));
  world.machine_locked = true;
  EXPECT_TRUE(world.Make()->failures.empty());
  world.file.deployment = contest::Deployment::kOneMachine;
  EXPECT_THAT(std::string(world.Make().status().message()),
              AllOf(HasSubstr("one-machine"), HasSubstr("two-machine")));
}

TEST(Plan, FillsInTheVaultsOwn) {
  Ingredients world;
  world.degraded = {.lane_users = true};
  world.dataset.public_rows = 200'000;
  const auto plan = world.Make();
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->policy.degraded, world.degraded);
  EXPECT_EQ(plan->policy.rounds.settle_ms, 1700);
  EXPECT_EQ(plan->policy.rounds.origin_ms, 1000);
  EXPECT_THAT(PlanText(*plan), HasSubstr("degraded: lane-users"));
  EXPECT_THAT(plan->warnings, Contains(HasSubstr("degraded lane-users")));
}

// Standard errors by the formulas of plan.h, worked out by hand.
TEST(Plan, KnowsTheStandardErrorOfEachMetric) {
  using contest::Metric;
  constexpr int64_t kOne = 1'000'000;
  Plan plan;
  plan.public_rows = 10'000;
  const auto at = [&plan](Metric metric, contest::LevelScale scale) {
    plan.policy.scoring.metric = metric;
    plan.policy.scoring.scale = scale;
    return StandardError(plan);
  };
  EXPECT_NEAR(at(Metric::kRmse, {0, kOne, 1}), 0.007071, 1e-6);
  EXPECT_NEAR(at(Metric::kMse, {0, kOne, 1}), 0.014142, 1e-6);
  EXPECT_NEAR(at(Metric::kMae, {0, kOne, 1}), 0.007555, 1e-6);
  EXPECT_NEAR(at(Metric::kAccuracy, {kOne, 0, 1}), 0.005, 1e-9);
  EXPECT_NEAR(at(Metric::kAccuracy, {kOne, 900'000, 1}), 0.003, 1e-9);
  EXPECT_NEAR(at(Metric::kMatches, {9000 * kOne, 8000 * kOne, 1}), 40, 1e-6);
  EXPECT_NEAR(at(Metric::kMismatches, {0, 1000 * kOne, 1}), 30, 1e-6);
}

// Each leaf of the JSON, numbers and words, stands in the text.
void ExpectInText(const nlohmann::json& json, const std::string& key, const std::string& text) {
  if (json.is_structured()) {
    for (const auto& [name, value] : json.items()) ExpectInText(value, key + "." + name, text);
    return;
  }
  const std::string leaf = json.is_string() ? json.get<std::string>() : json.dump();
  // 0 tries a day is "no limit of its own", which the text leaves out.
  if (key == ".tries_per_day" && leaf == "0") return;
  EXPECT_THAT(text, HasSubstr(leaf)) << key;
}

TEST(Plan, TextAndJsonCarryTheSame) {
  for (const auto persons :
       {std::optional<int64_t>(609), std::optional<int64_t>(0), std::optional<int64_t>()}) {
    Ingredients world;
    world.file.worst = contest::ContestFile::Worst::kBaseline;
    world.file.policy.release.tries_per_day = 20;
    world.file.policy.rounds.count = 10;
    world.facts.persons_in_both = persons;
    const auto plan = world.Make();
    ASSERT_TRUE(plan.ok()) << plan.status();
    const std::string text = PlanText(*plan);
    const nlohmann::json json = nlohmann::json::parse(PlanJson(*plan));
    ExpectInText(json, "", text);
    EXPECT_EQ(json.contains("overfit_factor"), persons == 0);
    EXPECT_EQ(json.contains("persons_in_both"), persons.has_value());
    for (const char* part : {"counted", "guessing", "copies", "one-fact", "consent"}) {
      EXPECT_TRUE(json["statement"].contains(part)) << part;
    }
    EXPECT_THAT(text, HasSubstr("does NOT protect a single fact about a single person"));
    EXPECT_THAT(text, HasSubstr("x 9 rounds = 9 runs before closing; 60 tries are promised"));
  }
}

TEST(Plan, TellsThePeopleTheirNumbers) {
  const auto plan = Ingredients().Make();
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::string statement;
  for (const auto& paragraph : SubjectsStatement(plan->policy, plan->reserve))
    statement += paragraph.text + "\n";
  // 240.889 bits: 31 bytes, three rows of 64 bits; a fourth is 256 - 240.889 bits short.
  EXPECT_THAT(statement, HasSubstr("B = 240.889 bits (31 bytes)"));
  EXPECT_THAT(statement, HasSubstr("as much as 3 copied rows: to state 4 rows right"));
  EXPECT_THAT(statement, HasSubstr("at most 2^-15.111"));
  EXPECT_THAT(statement, HasSubstr("no more than 31 bytes can ever come out"));
  EXPECT_THAT(statement, HasSubstr("as much as 3 copied record(s)"));
  EXPECT_THAT(statement, HasSubstr("somebody who times this machine"));
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
