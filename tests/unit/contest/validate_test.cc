// Every pair of settings that contradict each other, or the data set, is refused with both named.
#include "server/core/contest/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ledger_builder.h"

namespace pinhole::contest {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* name;
  void (*change)(Policy&);
  std::vector<const char*> says;
};

void CountMatches(Policy& policy, Metric metric) {
  policy.scoring.metric = metric;
  policy.scoring.scale = {.best = 9'000'000'000, .worst = 5'000'000'000, .step = 100'000'000};
  if (metric == Metric::kMismatches)
    std::swap(policy.scoring.scale.best, policy.scoring.scale.worst);
  if (metric == Metric::kAccuracy)
    policy.scoring.scale = {.best = 900'000, .worst = 500'000, .step = 10'000};
}

void EveryScore(Policy& policy) {
  policy.release.rule = ReleaseRule::kEveryScore;
  policy.release.shown_scores = policy.release.shown_failures = 0;
}

std::vector<Case> Contradictions() {
  return {
      {"best_worse_than_worst",
       [](Policy& p) { std::swap(p.scoring.scale.best, p.scoring.scale.worst); },
       {"score.metric rmse", "score.best 1.05", "score.worst 0.8", "swap them"}},
      {"matches_upside_down",
       [](Policy& p) {
         CountMatches(p, Metric::kMatches);
         std::swap(p.scoring.scale.best, p.scoring.scale.worst);
       },
       {"score.metric matches is better when higher", "score.best", "score.worst"}},
      {"mismatches_upside_down",
       [](Policy& p) {
         CountMatches(p, Metric::kMismatches);
         std::swap(p.scoring.scale.best, p.scoring.scale.worst);
       },
       {"score.metric mismatches is better when lower", "score.best", "score.worst"}},
      {"quorum_of_half",
       [](Policy& p) { pinhole::testing::AskWitnesses(p, 4, 2); },
       {"witnesses.quorum is 2 of the 4", "more than half"}},
      {"quorum_of_nobody",
       [](Policy& p) { p.witnesses.quorum = 1; },
       {"witnesses.quorum is 1", "witnesses.keys names nobody"}},
      {"quorum_beyond_all",
       [](Policy& p) { pinhole::testing::AskWitnesses(p, 3, 4); },
       {"witnesses.quorum is 4 of the 3"}},
      {"witnesses_without_quorum",
       [](Policy& p) {
         pinhole::testing::AskWitnesses(p, 3, 2);
         p.witnesses.quorum = 0;
       },
       {"witnesses.quorum is 0 of the 3"}},
      {"too_many_witnesses",
       [](Policy& p) { pinhole::testing::AskWitnesses(p, 16, 9); },
       {"witnesses.keys is 16", "15"}},
      {"a_witness_twice",
       [](Policy& p) {
         pinhole::testing::AskWitnesses(p, 3, 2);
         p.witnesses.verifiers[2] = p.witnesses.verifiers[0];
       },
       {"witnesses.keys", "witness.example/1", "one name or one key"}},
      {"a_key_under_two_names",
       [](Policy& p) {
         pinhole::testing::AskWitnesses(p, 2, 2);
         p.witnesses.verifiers[1] =
             *WitnessVerifier::Create("other.example", p.witnesses.verifiers[0].public_key());
       },
       {"witness.example/1", "other.example", "one name or one key"}},
      {"a_witness_with_a_comma",
       [](Policy& p) {
         pinhole::testing::AskWitnesses(p, 1, 1);
         p.witnesses.verifiers[0] =
             *WitnessVerifier::Create("a,b", p.witnesses.verifiers[0].public_key());
       },
       {"witnesses.keys", "no comma", "a,b"}},
      {"rounds_beyond_the_chain",
       [](Policy& p) {
         pinhole::testing::AskWitnesses(p, 1, 1);
         p.rounds.count = 100'001;
       },
       {"rounds.duration in rounds, with witnesses is 100001"}},
      {"best_is_worst",
       [](Policy& p) { p.scoring.scale.best = p.scoring.scale.worst; },
       {"score.best", "score.worst"}},
      {"step_zero", [](Policy& p) { p.scoring.scale.step = 0; }, {"score.step"}},
      {"step_does_not_divide",
       [](Policy& p) { p.scoring.scale.step = 7'000; },
       {"score.step 0.007", "score.best 0.8", "score.worst 1.05"}},
      {"too_many_levels",
       [](Policy& p) { p.scoring.scale.step = 1; },
       {"score.step", "score.best", "score.worst", "50001"}},
      {"below_zero",
       [](Policy& p) { p.scoring.scale.best = -5'000; },
       {"score.best -0.005", "score.metric rmse is never below 0"}},
      {"range_backwards",
       [](Policy& p) { p.scoring.range_low = 6'000'000; },
       {"score.range 6 to 5"}},
      {"rmse_beyond_the_range",
       [](Policy& p) { p.scoring.scale.worst = 4'505'000; },
       {"score.worst 4.505", "score.range 0.5 to 5"}},
      {"mse_beyond_the_range",
       [](Policy& p) {
         p.scoring.metric = Metric::kMse;
         p.scoring.scale = {.best = 0, .worst = 20'260'000, .step = 10'000};
       },
       {"score.worst 20.26", "score.range 0.5 to 5"}},
      {"accuracy_above_one",
       [](Policy& p) {
         CountMatches(p, Metric::kAccuracy);
         p.scoring.scale.best = 1'010'000;
       },
       {"score.best 1.01", "score.metric accuracy"}},
      {"parts_of_matches",
       [](Policy& p) {
         CountMatches(p, Metric::kMatches);
         p.scoring.scale.step = 500'000;
       },
       {"score.step 0.5", "score.metric matches", "score.weights"}},
      {"f32_for_wide_matches",
       [](Policy& p) {
         CountMatches(p, Metric::kAccuracy);
         p.scoring.format = PredictionFormat::kF32;
         p.scoring.range_high = 16'777'217'000'000;
       },
       {"score.predictions f32", "score.range", "score.metric accuracy"}},
      {"more_scores_than_tries",
       [](Policy& p) { p.release.shown_scores = 21; },
       {"release.shown_scores is 21", "release.tries only 20"}},
      {"more_failures_than_tries",
       [](Policy& p) { p.release.shown_failures = 21; },
       {"release.shown_failures is 21", "release.tries only 20"}},
      {"more_waiting_than_tries",
       [](Policy& p) { p.release.waiting = 21; },
       {"release.waiting is 21", "release.tries only 20"}},
      {"gain_beyond_all_levels",
       [](Policy& p) { p.release.min_gain = 51; },
       {"release.min_gain is 51", "score.step makes only 51"}},
      {"more_scores_than_gains",
       [](Policy& p) { p.release.min_gain = 6; },
       {"release.shown_scores is 10", "51 levels", "release.min_gain 6", "at most 9"}},
      {"cpu_over_wall_times_threads",
       [](Policy& p) { p.limits.cpu_seconds = 41; },
       {"limits.cpu 41 s", "40 s", "limits.threads 4", "limits.wall 10000 ms"}},
      {"every_score_with_scores",
       [](Policy& p) {
         EveryScore(p);
         p.release.shown_scores = 1;
       },
       {"release.rule every-score", "release.shown_scores 1"}},
      {"every_score_with_failures",
       [](Policy& p) {
         EveryScore(p);
         p.release.shown_failures = 1;
       },
       {"release.rule every-score", "release.shown_failures 1"}},
      {"every_score_with_gain",
       [](Policy& p) {
         EveryScore(p);
         p.release.min_gain = 2;
       },
       {"release.rule every-score", "release.min_gain 2"}},
      {"a_day_above_all_tries",
       [](Policy& p) { p.release.tries_per_day = 21; },
       {"release.tries_per_day is 21", "release.tries only 20"}},
      {"tries_that_no_day_takes",
       [](Policy& p) { p.release.tries_per_day = 19; },
       {"release.tries is 20", "release.tries_per_day 19", "rounds.duration"}},
      {"no_teams", [](Policy& p) { p.release.teams = 0; }, {"release.teams is 0"}},
      {"no_lanes", [](Policy& p) { p.rounds.lanes = 0; }, {"rounds.lanes is 0"}},
      {"one_round", [](Policy& p) { p.rounds.count = 1; }, {"rounds.duration in rounds is 1"}},
      {"no_exchange",
       [](Policy& p) { p.rounds.run_window_ms = 14'100; },
       {"rounds.run_window 14100 ms", "rounds.length 15000 ms"}},
      {"wall_and_settling_over_the_window",
       [](Policy& p) { p.limits.wall_ms = 10'500; },
       {"limits.wall 10500 ms", "1520 ms", "rounds.run_window 12000 ms", "score.predictions"}},
      {"scratch_over_memory",
       [](Policy& p) { p.limits.scratch_bytes = int64_t{1} << 30; },
       {"limits.scratch 1073741824", "limits.memory 536870912"}},
      {"program_over_memory",
       [](Policy& p) {
         p.limits.memory_bytes = int64_t{16} << 20;
         p.limits.program_bytes = int64_t{17} << 20;
       },
       {"limits.program 17825792", "limits.memory 16777216"}},
      {"program_over_the_exchange",
       [](Policy& p) { p.limits.program_bytes = 60'000'001; },
       {"limits.program 60000001", "rounds.length", "rounds.run_window", "60000000"}},
      {"rows_of_no_bits", [](Policy& p) { p.bits_per_row = 0; }, {"statement.bits_per_row is 0"}},
      {"name", [](Policy& p) { p.contest = "Demo!"; }, {"contest \"Demo!\""}},
  };
}

TEST(Policy, RefusesContradictionsByName) {
  for (const Case& each : Contradictions()) {
    Policy policy = pinhole::testing::DemoPolicy();
    ASSERT_TRUE(Validate(policy).ok()) << Validate(policy);
    each.change(policy);
    const absl::Status status = Validate(policy);
    ASSERT_FALSE(status.ok()) << each.name;
    for (const char* part : each.says) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(part)) << each.name;
    }
  }
}

// The borders of the refusals above are accepted.
TEST(Policy, TakesWhatJustFits) {
  const std::vector<Case> cases = {
      {"widest_rmse", [](Policy& p) { p.scoring.scale.worst = 4'500'000; }, {}},
      {"widest_mse",
       [](Policy& p) {
         p.scoring.metric = Metric::kMse;
         p.scoring.scale = {.best = 0, .worst = 20'250'000, .step = 10'000};
       },
       {}},
      {"all_matches", [](Policy& p) { CountMatches(p, Metric::kMatches); }, {}},
      {"all_mismatches", [](Policy& p) { CountMatches(p, Metric::kMismatches); }, {}},
      {"parts_of_weighted_matches",
       [](Policy& p) {
         CountMatches(p, Metric::kMatches);
         p.scoring.scale.step = 500'000;
         p.scoring.weights = RowWeights::kColumn;
       },
       {}},
      {"accuracy", [](Policy& p) { CountMatches(p, Metric::kAccuracy); }, {}},
      {"gain_of_all_levels",
       [](Policy& p) {
         p.release.min_gain = 50;
         p.release.shown_scores = 2;
       },
       {}},
      {"a_day_of_all_tries", [](Policy& p) { p.release.tries_per_day = 20; }, {}},
      {"half_a_day_in_two_days",
       [](Policy& p) {
         p.release.tries_per_day = 10;
         p.rounds.count = 5761;
       },
       {}},
      {"as_many_scores_as_gains", [](Policy& p) { p.release.min_gain = 5; }, {}},
      {"all_threads_all_the_time", [](Policy& p) { p.limits.cpu_seconds = 40; }, {}},
      {"every_score", &EveryScore, {}},
      {"just_more_than_half", [](Policy& p) { pinhole::testing::AskWitnesses(p, 15, 8); }, {}},
      {"one_witness", [](Policy& p) { pinhole::testing::AskWitnesses(p, 1, 1); }, {}},
      {"longest_wall", [](Policy& p) { p.limits.wall_ms = 10'480; }, {}},
      {"largest_program", [](Policy& p) { p.limits.program_bytes = 60'000'000; }, {}},
  };
  for (const Case& each : cases) {
    Policy policy = pinhole::testing::DemoPolicy();
    each.change(policy);
    EXPECT_TRUE(Validate(policy).ok()) << each.name << ": " << Validate(policy);
  }
}

DeclaredData DemoData() { return {.public_rows = 10'000, .final_rows = 10'000}; }

TEST(Policy, MustFitItsDataSet) {
  const std::vector<Case> cases = {
      {"deployment",
       [](Policy& p) { p.deployment = Deployment::kTwoMachine; },
       {"deployment is two-machine", "one-machine"}},
      {"output_of_text",
       [](Policy& p) { p.limits.output_bytes = 39'998; },
       {"limits.output 39998", "20000 predictions", "score.predictions text", "39999"}},
      {"output_of_f32",
       [](Policy& p) {
         p.scoring.format = PredictionFormat::kF32;
         p.rounds.settle_ms = SettleMs(p.scoring.format, 20'000);
         p.limits.output_bytes = 80'007;
       },
       {"limits.output 80007", "score.predictions f32", "80008"}},
      {"output_of_f64",
       [](Policy& p) {
         p.scoring.format = PredictionFormat::kF64;
         p.rounds.settle_ms = SettleMs(p.scoring.format, 20'000);
         p.limits.output_bytes = 160'007;
       },
       {"limits.output 160007", "score.predictions f64", "160008"}},
      {"more_matches_than_rows",
       [](Policy& p) {
         CountMatches(p, Metric::kMatches);
         p.scoring.scale.best = 10'100'000'000;
       },
       {"score.best 10100", "score.metric matches", "10000 public rows"}},
      {"more_mismatches_than_rows",
       [](Policy& p) {
         CountMatches(p, Metric::kMismatches);
         p.scoring.scale.worst = 10'100'000'000;
       },
       {"score.worst 10100", "score.metric mismatches", "10000 public rows"}},
      {"weights_that_there_are_not",
       [](Policy& p) { p.scoring.weights = RowWeights::kColumn; },
       {"score.weights is column", "without a weight column"}},
      {"another_time_to_settle",
       [](Policy& p) { p.rounds.settle_ms = 1500; },
       {"settle is 1500 ms", "20000 rows of text need 1520 ms"}},
  };
  ASSERT_TRUE(ValidateFor(pinhole::testing::DemoPolicy(), DemoData()).ok());
  for (const Case& each : cases) {
    Policy policy = pinhole::testing::DemoPolicy();
    each.change(policy);
    const absl::Status status = ValidateFor(policy, DemoData());
    ASSERT_FALSE(status.ok()) << each.name;
    for (const char* part : each.says) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(part)) << each.name;
    }
  }
}

TEST(SettleMs, FollowsRowsAndFormat) {
  EXPECT_EQ(SettleMs(PredictionFormat::kText, 0), 1500);
  EXPECT_EQ(SettleMs(PredictionFormat::kText, 2'817'131), 4317);
  EXPECT_EQ(SettleMs(PredictionFormat::kF64, 2'817'131), 2908);
}

TEST(Degraded, HasOneTextEach) {
  for (int bits = 0; bits < 8; ++bits) {
    const Degraded value{
        .lane_users = (bits & 1) != 0, .network = (bits & 2) != 0, .cgroups = (bits & 4) != 0};
    const auto read = ParseDegraded(Name(value));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, value);
  }
  for (const char* bad : {"", "none+network", "network+lane-users", "lane-usersnetwork",
                          "lane-users+", "all", "none "}) {
    EXPECT_FALSE(ParseDegraded(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace pinhole::contest
