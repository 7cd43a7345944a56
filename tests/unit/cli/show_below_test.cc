#include "client/cli/show_below.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhole::cli {
namespace {

constexpr contest::LevelScale kLowerIsBetter{.best = 800'000, .worst = 1'050'000, .step = 5'000};
constexpr contest::LevelScale kHigherIsBetter{
    .best = 90'000'000, .worst = 50'000'000, .step = 1'000'000};

TEST(ShowBelow, IsALevelOfTheScale) {
  struct Case {
    const char* name;
    contest::LevelScale scale;
    const char* text;
    int level;
  };
  for (const Case& c : {
           Case{"best", kLowerIsBetter, "0.8", 0},
           Case{"middle", kLowerIsBetter, "0.875", 15},
           Case{"worst", kLowerIsBetter, "1.05", 50},
           Case{"higher_best", kHigherIsBetter, "90", 0},
           Case{"higher_worst", kHigherIsBetter, "50", 40},
       }) {
    SCOPED_TRACE(c.name);
    const absl::StatusOr<std::optional<int>> level = ParseShowBelow(c.scale, c.text);
    ASSERT_TRUE(level.ok()) << level.status();
    EXPECT_EQ(*level, c.level);
  }
  EXPECT_EQ(*ParseShowBelow(kLowerIsBetter, ""), std::nullopt);
}

TEST(ShowBelow, WhatIsNoScoreIsRefused) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const Case& c : {
           Case{"0.8725", "nearest are 0.87 and 0.875"},
           Case{"0.7", "nearest are 0.8 and 0.805"},
           Case{"2", "nearest are 1.05 and 1.05"},
           Case{"good", "is no number"},
           Case{"1e-1", "is no number"},
       }) {
    const absl::StatusOr<std::optional<int>> level = ParseShowBelow(kLowerIsBetter, c.text);
    EXPECT_EQ(level.status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_THAT(std::string(level.status().message()), ::testing::HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace pinhole::cli
