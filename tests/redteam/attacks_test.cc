// Every attack on what is not the symbol ends at chance; and none does once its defence is undone.
#include "tests/redteam/attacks.h"

#include <gtest/gtest.h>

#include <ostream>

namespace pinhole::redteam {

// For GoogleTest, which else prints bytes.
void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.number; }

namespace {

constexpr int64_t kTrials = 1920;
constexpr int64_t kTrialsOfAMutant = 480;

class AttackTest : public ::testing::TestWithParam<Attack> {};

TEST_P(AttackTest, EndsAtChance) {
  const Measured measured = Measure(GetParam(), Mutant::kNone, kTrials, 11);
  EXPECT_GE(measured.trials, kTrials);
  EXPECT_FALSE(measured.alarm) << measured.rate;
  EXPECT_LE(measured.views, 8U) << "a decoder that sees something new each time learns nothing";
}

TEST_P(AttackTest, LeavesTheSameBytesForTheOtherSecrets) {
  EXPECT_TRUE(SameBytesForTheOtherSecrets(GetParam(), 12));
}

TEST_P(AttackTest, IsCaughtWhenItsDefenceIsUndone) {
  const Measured measured = Measure(GetParam(), GetParam().mutant, kTrialsOfAMutant, 13);
  EXPECT_TRUE(measured.alarm) << measured.rate << ": " << GetParam().undone;
}

INSTANTIATE_TEST_SUITE_P(All, AttackTest, ::testing::ValuesIn(Attacks()),
                         [](const auto& test) { return std::string(test.param.number); });

}  // namespace
}  // namespace pinhole::redteam
