// What the ledger itself refuses to the red team: a budget that begins anew (A21), and a vault
// whose gate has a switch.
#include <gtest/gtest.h>

#include "server/core/counting/worst_case.h"
#include "server/core/replay/test_build.h"
#include "tests/redteam/arena.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::redteam {
namespace {

// The data set's next version, signed by its owner, with this budget.
absl::Status NextVersion(testing::LedgerBuilder& builder, counting::Bits budget) {
  log::DatasetEntry entry = *builder.state().dataset();
  ++entry.version;
  entry.budget = budget;
  entry.commitment = Sha256("corrected rows");
  entry.signature = testing::TestKey(2).Sign(log::DatasetStatement(entry));
  return builder.Append(*log::Encode(entry));
}

TEST(Ledger, VersionsOfADataSetShareOneBudget) {
  testing::LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  contest::Policy policy = testing::DemoPolicy();
  policy.rounds.count = 4;
  builder.OpenContest(policy);
  EXPECT_FALSE(NextVersion(builder, builder.state().account().budget).ok())
      << "a version comes between contests";
  builder.Join("ada");
  builder.EndRound();
  builder.Release();
  builder.Admit("ada", 5);
  builder.EndRound();
  builder.Round();
  builder.Round();
  builder.Close();
  const replay::Account before = builder.state().account();
  EXPECT_GT(before.spent, builder.state().dataset()->declassified) << "something was shown";
  EXPECT_FALSE(NextVersion(builder, before.budget + counting::Bits{1}).ok())
      << "a budget only shrinks";
  ASSERT_TRUE(NextVersion(builder, before.budget).ok());
  const replay::Account after = builder.state().account();
  EXPECT_EQ(after.budget, before.budget);
  EXPECT_EQ(after.spent, before.spent + builder.state().dataset()->declassified);
  // The same model over corrected rows costs what it costs: a contest that fits a fresh budget and
  // not what is left of this one is refused.
  contest::Policy again = testing::DemoPolicy();
  again.contest = "again";
  const counting::Bits needed = counting::CountWorstCase(again).contest;
  ASSERT_FALSE(NextVersion(builder, after.spent).ok()) << "its own declassified values do not fit";
  ASSERT_TRUE(NextVersion(builder, after.spent + builder.state().dataset()->declassified + needed -
                                       counting::Bits{1})
                  .ok());
  EXPECT_TRUE(absl::IsResourceExhausted(builder.TryOpen(again)));
}

TEST(Ledger, OfTheRedTeamNamesTheBuildOfTests) {
  const Arena arena(ArenaPolicy(contest::ReleaseRule::kImprovements, 11, 2, 1));
  ASSERT_EQ(arena.ledger().starts().size(), 1U);
  EXPECT_EQ(arena.ledger().starts()[0].build, replay::TestBuild());
}

}  // namespace
}  // namespace pinhole::redteam
