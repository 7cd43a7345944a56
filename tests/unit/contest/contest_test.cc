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
           Case{"another metric", "\"rmse\"", "\"auc\"",
                "\"auc\" is none of: rmse, mse, mae, matches, "
                "mismatches, accuracy"},
           Case{"no unit", "\"15s\"", "\"15\"", "is not written like"},
           Case{"no whole rounds", "\"1h\"", "\"61s\"",
                "rounds.duration 61000 ms is not a whole number of rounds.length 15000 ms"},
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

TEST(DataShape, HasDatesAndAWeight) {
  const std::string text =
      "visit(day:date[1999-12-31..2024-02-29],born:date,cost:f64,count:i32,place:str)";
  const auto shape = ParseShape(text, "visit", "cost", "count");
  ASSERT_TRUE(shape.ok()) << shape.status();
  EXPECT_EQ(FormatTables(*shape), text);
  EXPECT_EQ(shape->weight, "count");
  EXPECT_EQ(shape->tables[0].columns[0].type, ColumnType::kDate);
  EXPECT_EQ(shape->tables[0].columns[0].range,
            (PublicRange{10'956 * int64_t{1'000'000}, 19'782 * int64_t{1'000'000}}));
  for (const char* weight : {"cost", "day", "place", "none"}) {
    EXPECT_FALSE(ParseShape(text, "visit", "cost", weight).ok()) << weight;
  }
  EXPECT_FALSE(ParseShape(text, "visit", "day").ok()) << "a date is no label";
  for (const char* range : {"2024-01-01..2023-01-01", "0..5", "2023-02-29..2024-01-01"}) {
    EXPECT_FALSE(ParseShape(std::string("t(y:f64,d:date[") + range + "])", "t", "y").ok()) << range;
  }
  DataShape half = *shape;
  half.tables[0].columns[0].range->low += 1;
  EXPECT_FALSE(Validate(half).ok()) << "a date is a whole day";
}

}  // namespace
}  // namespace pinhole::contest
