// The organizer's file and the data's shape: strict, with errors that name the setting.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "server/core/contest/contest_file.h"
#include "server/core/contest/data_shape.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::contest {
namespace {

using ::testing::HasSubstr;

std::string File() {
  return "contest = \"demo\"\norganizer = \"" + pinhole::testing::TestKey(1).public_key().ToHex() +
         R"("
[score]
metric = "rmse"
range = [0.5, 5]
best = 0.8
worst = "baseline"
step = 0.005
[release]
teams = 3
[rounds]
length = "15s"
run_window = "12s"
duration = "1h"
lanes = 2
[limits]
wall = "10s"
)";
}

TEST(ContestFile, FillsInTheDefaults) {
  const auto file = ParseContestFile(File(), "contest.toml");
  ASSERT_TRUE(file.ok()) << file.status();
  const Policy& p = file->policy;
  EXPECT_EQ(file->worst, ContestFile::Worst::kBaseline);
  EXPECT_EQ(p.scoring.scale.best, 800'000);
  EXPECT_EQ(p.scoring.scale.step, 5'000);
  EXPECT_EQ(p.scoring.range_high, 5'000'000);
  EXPECT_EQ(p.release.tries, 50);
  EXPECT_EQ(p.release.shown_scores, 10);
  EXPECT_EQ(p.release.acts_thousandths, 64'000);
  EXPECT_EQ(p.rounds.count, 240);
  EXPECT_EQ(p.limits.cpu_seconds, 40);  // four threads for ten seconds
}

TEST(ContestFile, NamesWhatIsWrongAndWhere) {
  struct Case {
    const char* name;
    const char* from;
    const char* to;
    const char* says;
  };
  for (const Case& c : {
           Case{"unknown key", "teams = 3", "teams = 3\ntires = 4",
                "line 11: release.tires: no such setting"},
           Case{"unknown section", "[limits]", "[limit]", "limits is missing"},
           Case{"text for a number", "teams = 3", "teams = \"3\"",
                "release.teams: takes a whole number"},
           Case{"negative", "teams = 3", "teams = -1",
                "release.teams: takes a whole number that is not negative"},
           Case{"seven decimals", "best = 0.8", "best = 0.8000001",
                "score.best: takes at most six decimals"},
           Case{"another metric", "\"rmse\"", "\"auc\"", "\"auc\" is none of: rmse, mae, matches"},
           Case{"no unit", "\"15s\"", "\"15\"", "is not written like"},
           Case{"no whole rounds", "\"1h\"", "\"61s\"", "not a whole number of rounds.length"},
           Case{"range of one", "[0.5, 5]", "[0.5]", "score.range: takes two numbers"},
           Case{"missing", "step = 0.005\n", "", "score.step is missing"},
           Case{"worst by another word", "\"baseline\"", "\"median\"",
                "takes a number or \"baseline\""},
           Case{"no TOML", "[score]", "[score", "contest.toml, line 3"},
       }) {
    const auto file =
        ParseContestFile(absl::StrReplaceAll(File(), {{c.from, c.to}}), "contest.toml");
    ASSERT_FALSE(file.ok()) << c.name;
    EXPECT_THAT(std::string(file.status().message()), HasSubstr(c.says)) << c.name;
  }
}

TEST(Policy, RefusesContradictionsByName) {
  struct Case {
    const char* name;
    void (*change)(Policy&);
    const char* says;
  };
  for (const Case& c : {
           Case{"upside down",
                [](Policy& p) { std::swap(p.scoring.scale.best, p.scoring.scale.worst); },
                "swap them"},
           Case{"step does not divide", [](Policy& p) { p.scoring.scale.step = 7'000; },
                "does not divide"},
           Case{"wall over window", [](Policy& p) { p.limits.wall_ms = 11'000; },
                "do not fit rounds.run_window"},
           Case{"more scores than tries", [](Policy& p) { p.release.shown_scores = 21; },
                "release.shown_scores is 21"},
           Case{"every-score with caps",
                [](Policy& p) { p.release.rule = ReleaseRule::kEveryScore; }, "shows everything"},
           Case{"no exchange", [](Policy& p) { p.rounds.run_window_ms = 15'000; },
                "rounds.run_window"},
           Case{"name", [](Policy& p) { p.contest = "Demo!"; }, "contest \"Demo!\""},
       }) {
    Policy policy = pinhole::testing::DemoPolicy();
    ASSERT_TRUE(Validate(policy).ok());
    c.change(policy);
    const absl::Status status = Validate(policy);
    ASSERT_FALSE(status.ok()) << c.name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says)) << c.name;
  }
}

TEST(DataShape, HasOneText) {
  const std::string text = "ratings(userId:i32,rating:f64[0.5..5]);movies(movieId:i32,title:str)";
  const auto shape = ParseShape(text, "ratings", "rating");
  ASSERT_TRUE(shape.ok()) << shape.status();
  EXPECT_EQ(FormatTables(*shape), text);
  EXPECT_EQ(shape->tables[0].columns[1].range, (PublicRange{500'000, 5'000'000}));
  for (const char* bad :
       {"", "ratings()", "ratings(rating:f64", "ratings(rating:f65)", "ratings(rating:f64);",
        "ratings(rating)", "ratings(rating:f64,rating:f64)", "predict(rating:f64)",
        "ratings(row:i64,rating:f64)", "ratings(rating:f64[5..1])", "ratings(rating:str)",
        "ratings(rating:f64);ratings(rating:f64)"}) {
    EXPECT_FALSE(ParseShape(bad, "ratings", "rating").ok()) << bad;
  }
  EXPECT_FALSE(ParseShape(text, "movies", "title").ok()) << "a text is no label";
}

}  // namespace
}  // namespace pinhole::contest
