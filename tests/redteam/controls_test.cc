// The open channel: the red team is strong enough to count, and gets no more than is declared.
#include "tests/redteam/controls.h"

#include <gtest/gtest.h>

#include "tests/redteam/arena.h"
#include "tests/redteam/profile.h"

namespace pinhole::redteam {
namespace {

TEST(PositiveControls, CarryNineTenthsWithoutAnError) {
  for (const OpenChannel& channel : PositiveControls(Profile::kQuick)) {
    SCOPED_TRACE(channel.name);
    EXPECT_GE(channel.share(), 0.9);
    EXPECT_EQ(channel.successes, channel.trials);
    EXPECT_TRUE(channel.within_declared());
  }
}

TEST(GuessTests, ExtractNoMoreThanDeclared) {
  for (const OpenChannel& channel : GuessTests(Profile::kQuick)) {
    SCOPED_TRACE(channel.name);
    EXPECT_TRUE(channel.within_declared());
    EXPECT_GT(channel.extracted_bits,
              0.8 * static_cast<double>(channel.declared.thousandths) / 1000)
        << "too weak to say anything";
  }
}

TEST(GuessTests, CatchAGateThatDoesNotCountItsShownScores) {
  const OpenChannel mutant = UncountedScores(Profile::kQuick);
  EXPECT_FALSE(mutant.within_declared()) << mutant.extracted_bits;
}

}  // namespace
}  // namespace pinhole::redteam
