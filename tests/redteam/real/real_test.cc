// A little of what deploy/redteam measures with real processes: the encoder encodes, the pipe tells
// nothing of it, and the meter feels what it should on one core.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/system/files.h"
#include "tests/redteam/meter.h"
#include "tests/redteam/real/real_report.h"

namespace pinhole::redteam {
namespace {

TEST(RealRedTeam, WhatRunsWroteAndHowTheyEndedIsNotOnThePipe) {
  const RealRuns runs = PlayRealRuns(kQuickReal.lanes, kQuickReal.trials);
  EXPECT_GE(runs.trials, kQuickReal.trials);
  EXPECT_EQ(runs.told, runs.trials) << "the encoder does not encode";
  EXPECT_FALSE(Alarm(runs.right, runs.trials));
  EXPECT_TRUE(runs.written) << "what is looked for is nowhere: the test tests nothing";
  EXPECT_FALSE(runs.on_the_pipe);
}

TEST(RealRedTeam, ANeighbourOnTheSameCoreFeelsARun) {
  const Contention felt = Feel(Load::kProcessor, Receiver::kSameCore, kQuickReal.slots, 7);
  EXPECT_TRUE(Alarm(felt.right, felt.slots)) << felt.right << " of " << felt.slots;
  EXPECT_GT(felt.BitsASecond(), 0);
}

// What a long run found is in the document, for each row; how many trials, and the verdicts.
TEST(RealRedTeam, DocumentHoldsALongRun) {
  const std::string document =
      *ReadFile(std::string(std::getenv("PINHOLE_SOURCE")) + "/docs/RED_TEAM.md");
  const auto cells = [&document](const char* begin) {
    const std::string_view key = begin;
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(document, '\n'))) {
      if (!line.starts_with(key)) continue;
      return std::vector<std::string>(absl::StrSplit(line.substr(key.size()), " | "));
    }
    return std::vector<std::string>();
  };
  for (const char* begin : kFeltRows) EXPECT_EQ(cells(begin).size(), 6U) << begin;
  for (const auto& [begin, verdict] :
       {std::pair(kPipeRow, "at chance |"), std::pair(kToldRow, "strong enough |"),
        std::pair(kShownRow, "caught |")}) {
    const std::vector<std::string> row = cells(begin);
    ASSERT_EQ(row.size(), 6U) << begin;
    int64_t trials = 0;
    ASSERT_TRUE(absl::SimpleAtoi(row[0], &trials)) << row[0];
    if (begin != kShownRow) {
      EXPECT_GE(trials, kRealTrials);
    }
    EXPECT_EQ(row.back(), verdict);
  }
}

}  // namespace
}  // namespace pinhole::redteam
