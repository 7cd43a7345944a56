// The properties of docs/SIMULATION.md over some thousand seeds, and mistakes that they must find.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/simulation/seeds.h"

namespace pinhole::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kSeeds = 600;  // each takes several times as long
#else
constexpr uint64_t kSeeds = 2'500;
#endif
// Each mistake is found within so many.
constexpr uint64_t kSeedsOfMutant = 200;

class Simulation : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }
};

TEST_F(Simulation, EverySeedKeepsEveryProperty) {
  Report all;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Report report = TrySeed(seed);
    EXPECT_EQ(report.violation, "") << "seed " << seed << "; alone: simulate " << seed;
    all.counts.Add(report.counts);
    all.differences.Add(report.differences);
  }
  // What the seeds were about: none of it may become nothing unnoticed.
  EXPECT_GT(all.counts.batches, 1000);
  EXPECT_GT(all.counts.admitted, 1000);
  EXPECT_GT(all.counts.levels, 300);
  EXPECT_GT(all.counts.crashes, 200);
  EXPECT_GT(all.counts.kills, 50);
  EXPECT_GT(all.counts.failed_syncs, 50);
  EXPECT_GT(all.counts.lost_syncs, 30);
  EXPECT_GT(all.counts.outages_after_sync, 20);
  EXPECT_GT(all.counts.kills_after_loss, 20);
  EXPECT_GT(all.counts.faults, 20);
  EXPECT_GT(all.counts.asked, 20);
  EXPECT_GT(all.counts.acts, 100);
  EXPECT_GT(all.counts.choices, 200);
  EXPECT_GT(all.counts.judged, 20);
  EXPECT_GT(all.counts.shifts, 100);
  EXPECT_GT(all.counts.starts, 100);
  EXPECT_GT(all.counts.unpaid, 10);
  EXPECT_GT(all.counts.stopped, 10);
  EXPECT_GT(all.counts.closed, 200);
  EXPECT_GT(all.counts.quorums, 500);
  EXPECT_GT(all.counts.waits, all.counts.quorums + 200);
  EXPECT_GT(all.differences.levels, 200);
  EXPECT_GT(all.differences.outcomes, 100);
  EXPECT_GT(all.differences.times, 500);
  EXPECT_GT(all.differences.outputs, 300);
  EXPECT_GT(all.differences.orders, 50);
  EXPECT_GT(all.differences.crash_steps, 20);
}

TEST_F(Simulation, ASeedIsReplayedExactly) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const Setting setting{.seed = seed, .private_seed = seed + 5, .faults = seed % 2 == 0};
    const Outcome once = Play(setting);
    const Outcome again = Play(setting);
    EXPECT_EQ(once.violation, "");
    EXPECT_TRUE(once.seen.events == again.seen.events) << seed;
    EXPECT_EQ(once.seen.ledger, again.seen.ledger) << seed;
    EXPECT_EQ(once.order, again.order) << seed;
  }
}

// Longer than an idle exchange waits for anything: only virtual time may make a vault late.
TEST_F(Simulation, ABusyMachineIsNotSeen) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Setting setting{.seed = seed, .private_seed = seed + 5};
    const Outcome once = Play(setting);
    setting.stall = absl::Milliseconds(600);
    const Outcome busy = Play(setting);
    EXPECT_TRUE(once.seen.events == busy.seen.events) << seed;
    EXPECT_EQ(once.seen.ledger, busy.seen.ledger) << seed;
  }
}

struct Mistake {
  const char* name;
  Mutant mutant;
};

class Mutants : public ::testing::TestWithParam<Mistake> {
 protected:
  static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }
};

TEST_P(Mutants, AreFound) {
  for (uint64_t seed = 1; seed <= kSeedsOfMutant; ++seed) {
    const Report report = TrySeed(seed, GetParam().mutant);
    if (report.violation.empty()) continue;
    std::printf("%s: seed %ju: %s\n", GetParam().name, seed, report.violation.c_str());
    return;
  }
  FAIL() << "no seed of " << kSeedsOfMutant << " finds it";
}

INSTANTIATE_TEST_SUITE_P(All, Mutants,
                         ::testing::Values(Mistake{"ForgetSyncs", Mutant::kForgetSyncs},
                                           Mistake{"IgnoreSyncErrors", Mutant::kIgnoreSyncErrors},
                                           Mistake{"TrustLogs", Mutant::kTrustLogs},
                                           Mistake{"ReleaseWhenDone", Mutant::kReleaseWhenDone},
                                           Mistake{"SwapAnswers", Mutant::kSwapAnswers},
                                           Mistake{"ForgetPrograms", Mutant::kForgetPrograms},
                                           Mistake{"SecondDraw", Mutant::kSecondDraw},
                                           Mistake{"SetBack", Mutant::kSetBack},
                                           Mistake{"ForgetQuorums", Mutant::kForgetQuorums},
                                           Mistake{"LogRuns", Mutant::kLogRuns},
                                           Mistake{"ChargeNothing", Mutant::kChargeNothing},
                                           Mistake{"LoseResult", Mutant::kLoseResult}),
                         [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace pinhole::simulation
