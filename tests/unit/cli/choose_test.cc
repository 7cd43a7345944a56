// choose: from the try's number to the ledger.
#include <gmock/gmock.h>

#include "server/system/files.h"
#include "tests/unit/cli/command_fixture.h"

namespace pinhole::cli {
namespace {

using ::testing::HasSubstr;

// Red was shown a score for its first try and a better one for its second.
class ChooseTest : public CommandTest {
 protected:
  ChooseTest() {
    contest::Policy policy = DemoPolicy();
    policy.release.final_rule = contest::FinalRule::kTop3;
    ledger_ = LedgerBuilder();
    ledger_.Start();
    ledger_.Dataset();
    ledger_.OpenContest(policy);
    Show();
    JoinAsRed();
    for (const int level : {30, 20}) {
      const std::string program = Path(std::to_string(level));
      EXPECT_TRUE(WriteFileDurably(program, program, 0700).ok());
      EXPECT_EQ(Run({"submit", program}), 0) << Err();
      Take(server_.submits.back());
      ledger_.EndRound();
      Release(level);
      ledger_.EndRound();
      Show();
    }
  }
};

TEST_F(ChooseTest, SendsASignedChoiceAndStatusShowsIt) {
  ASSERT_EQ(Run({"status"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("FINAL  judged by try 2, your best shown\n"));
  ASSERT_EQ(Run({"choose", "1"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("received, not in the ledger yet"));
  ASSERT_EQ(server_.choices.size(), 1u);
  Take(server_.choices[0]);
  ledger_.EndRound();
  Show();
  ASSERT_EQ(Run({"status"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("FINAL  judged by try 1, as you chose\n"));
  ASSERT_EQ(Run({"choose", "1"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("in the ledger"));
  EXPECT_EQ(server_.choices.size(), 1u) << "what stands is not sent again";
  ASSERT_EQ(Run({"choose", "--best", "--json"}), 0) << Err();
  ASSERT_EQ(server_.choices.size(), 2u);
  Take(server_.choices[1]);
  ledger_.EndRound();
  Show();
  ASSERT_EQ(Run({"status", "--json"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("\"chosen\": null"));
}

TEST_F(ChooseTest, WaitsForTheLedger) {
  const int64_t before = ledger_.state().size();
  const replay::Team& red = *ledger_.contest().FindTeam("red");
  ASSERT_EQ(Run({"choose", "1"}), 0) << Err();
  Take(server_.choices.back());
  ledger_.EndRound();
  Hand(before);
  // The same choice again, as a person who lost patience would; now it waits.
  ASSERT_EQ(Run({"choose", "1", "--wait"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("judged_by  try 1, as you chose\n"));
  EXPECT_EQ(red.choices, 1);
}

TEST_F(ChooseTest, WaitsForNothingThatCannotCome) {
  const int64_t before = ledger_.state().size();
  ASSERT_EQ(Run({"choose", "1"}), 0) << Err();
  Take(server_.choices.back());
  ledger_.EndRound();
  Hand(before);
  // From another computer, say, whose copy of the ledger has not seen the first.
  EXPECT_EQ(Run({"choose", "2", "--wait"}), 1);
  EXPECT_THAT(Err(), HasSubstr("choose again"));
}

TEST_F(ChooseTest, RefusalsAreSaidBeforeAnythingIsSent) {
  EXPECT_EQ(Run({"choose"}), 2);
  EXPECT_EQ(Run({"choose", "1", "--best"}), 2);
  EXPECT_EQ(Run({"choose", "7"}), 1);
  EXPECT_THAT(Err(), HasSubstr("no try 7 of your team"));
  EXPECT_EQ(Run({"choose", "--best"}), 0) << "that is what stands";
  EXPECT_TRUE(server_.choices.empty());
}

}  // namespace
}  // namespace pinhole::cli
