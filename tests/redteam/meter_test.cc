// The meter's arithmetic, and the code that the encoder uses, against exact counting.
#include "tests/redteam/meter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "tests/redteam/arena.h"
#include "tests/redteam/transcript_code.h"

namespace pinhole::redteam {
namespace {

// Exact fractions of binomial sums, worked out in Python: I_x(a, b) for whole a and b is the
// probability of a or more successes in a + b - 1 trials.
TEST(Meter, IncompleteBetaIsTheBinomialTail) {
  struct Case {
    double a;
    double b;
    double x;
    double value;
  };
  for (const Case& c :
       {Case{1, 1, 0.25, 0.25}, Case{2, 3, 0.5, 0.6875}, Case{5, 1, 0.9, 0.59049},
        Case{10, 91, 0.1, 0.5487098345579964}, Case{50, 51, 0.4, 0.027099197757009006},
        Case{512, 489, 0.5, 0.23352256082639306}, Case{3, 998, 0.001, 0.08020934284020105},
        Case{200, 1, 0.97, 0.002261241009995778}, Case{3, 4, 0, 0}, Case{3, 4, 1, 1}}) {
    EXPECT_NEAR(IncompleteBeta(c.a, c.b, c.x), c.value, 1e-12 + c.value * 1e-10)
        << c.a << " " << c.b << " " << c.x;
  }
}

TEST(Meter, LowestRateIsClopperAndPearsons) {
  struct Case {
    int64_t successes;
    int64_t trials;
    double rate;
  };
  for (const Case& c : {Case{0, 10, 0}, Case{1, 1, 0.001}, Case{1, 10, 0.000100045028520678},
                        Case{5, 10, 0.08981318981185427}, Case{10, 10, 0.5011872336272722},
                        Case{60, 100, 0.4409842652212993}, Case{100, 100, 0.933254300796991}}) {
    EXPECT_NEAR(LowestRate(c.successes, c.trials), c.rate, 1e-12 + c.rate * 1e-10)
        << c.successes << " of " << c.trials;
  }
}

TEST(Meter, ExtractedBitsOfPerfectAndOfNoGuesses) {
  EXPECT_NEAR(ExtractedBits(40, 100, 100), 40 + std::log2(0.933254300796991), 1e-9);
  EXPECT_EQ(ExtractedBits(40, 0, 100), 0);
  EXPECT_EQ(ExtractedBits(1, 50, 100), 0) << "chance proves nothing";
}

TEST(Meter, AlarmsBeyondThePublishedThreshold) {
  // CHANNEL.md: T = 20,000 -> 0.0116.
  EXPECT_FALSE(Alarm(10'232, 20'000));
  EXPECT_TRUE(Alarm(10'233, 20'000));
  EXPECT_FALSE(Alarm(9'768, 20'000));
  EXPECT_TRUE(Alarm(9'767, 20'000));
}

TEST(Meter, InformationOfKnownTables) {
  EXPECT_NEAR(MutualInformation({{{0, 0}, 5000}, {{1, 1}, 5000}}), 1, 1e-4);
  const auto independent = std::map<std::pair<int, int>, int64_t>{
      {{0, 0}, 2500}, {{0, 1}, 2500}, {{1, 0}, 2500}, {{1, 1}, 2500}};
  EXPECT_NEAR(MutualInformation(independent), -1 / (2 * 10'000 * std::log(2.0)), 1e-12);
  EXPECT_EQ(MutualInformation({}), 0);
}

TEST(LearningDecoder, LearnsALeakAndNothingElse) {
  LearningDecoder leak;
  LearningDecoder none;
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const bool secret = (random() & 1) != 0;
    leak.Try(secret ? "long" : "short", secret);
    none.Try("same", secret);
  }
  EXPECT_GE(leak.successes(), 999);
  EXPECT_TRUE(Alarm(leak.successes(), leak.trials()));
  EXPECT_FALSE(Alarm(none.successes(), none.trials()));
}

// Every number has a transcript of its own, and is its number: the count by which the policy is
// charged has neither more nor fewer.
TEST(TranscriptCode, NumbersEveryTranscriptOnce) {
  struct Case {
    contest::ReleaseRule rule;
    int levels;
    int tries;
    int teams;
    int failures;
    const char* size;  // hex
  };
  for (const Case& c :
       {Case{contest::ReleaseRule::kEveryScore, 3, 3, 1, 0,
             "40"},  // 4^3
                     // None, one or two scores: 1 + C(3,1)·C(4,1) + C(3,2)·C(4,2).
        Case{contest::ReleaseRule::kImprovements, 4, 3, 1, 0, "1f"},
        // At most one score and one notice: (1 + 2) without a score and 2·3·(1 + 1) with one.
        Case{contest::ReleaseRule::kImprovements, 3, 2, 1, 1, "f"},
        // Four tries in turn: 1 + C(4,1)·C(3,1) + C(4,2)·C(3,2).
        Case{contest::ReleaseRule::kRecords, 3, 2, 2, 0, "1f"}}) {
    contest::Policy policy = ArenaPolicy(c.rule, c.levels, c.tries, c.teams);
    if (c.rule == contest::ReleaseRule::kImprovements)
      policy.release.shown_scores = c.failures == 0 ? 2 : 1;
    if (c.rule == contest::ReleaseRule::kRecords) policy.release.shown_scores = 2;
    policy.release.shown_failures = c.failures;
    const TranscriptCode code(policy, c.teams);
    EXPECT_EQ(code.Size().ToHex(), c.size);
    std::set<std::string> seen;
    for (counting::BigCount message(0); message < code.Size(); message += counting::BigCount(1)) {
      const auto transcript = code.Encode(message);
      std::string text;
      for (const auto& symbol : transcript)
        text += std::to_string(counting::SymbolIndex(symbol)) + " ";
      EXPECT_TRUE(seen.insert(text).second) << text;
      const auto decoded = code.Decode(transcript);
      ASSERT_TRUE(decoded.has_value()) << text;
      EXPECT_EQ(*decoded, message);
    }
  }
}

}  // namespace
}  // namespace pinhole::redteam
