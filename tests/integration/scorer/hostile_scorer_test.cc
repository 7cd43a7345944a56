// Whatever a scorer that was taken over says or does, by the real lane and runner: its run has
// failed, the run's evidence is what it would have been, and the lane goes on.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_format.h"
#include "sandbox/box.h"
#include "server/core/score/decode_answer.h"
#include "server/core/score/sheet_writer.h"
#include "server/system/temp_dir.h"
#include "server/vault/runner.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::vault {
namespace {

constexpr uid_t kLaneUser = 64321;
constexpr gid_t kViewGroup = 64320;
constexpr int64_t kAdmit = 7;
// Predictions of other runs, on both sides.
constexpr int64_t kBefore = 4096;
constexpr int64_t kSlot = int64_t{64} << 10;

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}
std::string Scorer() { return Variable("PINHOLE_BIN") + "/pinhole-scorer"; }
std::string Hostile(int conduct) {
  return absl::StrFormat("%s/hostile_scorer_%d", Variable("PINHOLE_TEST_BIN"), conduct);
}

contest::Policy Policy() {
  contest::Policy policy = testing::DemoPolicy();
  policy.scoring.scale = {.best = 0, .worst = 2'000'000, .step = 100'000};
  policy.rounds.settle_ms = 400;  // a hanging scorer takes this long
  return policy;
}

class HostileScorer : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      if (Variable("PINHOLE_MUST_WORK") == "1") FAIL() << "a lane of its own needs root";
      GTEST_SKIP() << "a lane of its own needs root";
    }
    for (const std::string& folder : {layout_.private_directory(), layout_.evidence(),
                                      layout_.data(), layout_.view(), layout_.data() + "/truth"}) {
      std::filesystem::create_directories(folder);
    }
    const std::vector<score::SheetRow> rows(10, {.label = 4'000'000});
    const auto sheet = score::EncodeSheet(Policy().scoring, rows);
    ASSERT_TRUE(sheet.ok()) << sheet.status();
    std::ofstream(layout_.sheet("demo")) << *sheet;
  }

  // Runs the model of ten predictions, scored by `scorer`, in a lane that stays.
  FinishedRun Run(Runner& runner) const {
    std::ofstream(layout_.predictions(kAdmit)) << std::string(kBefore + 2 * kSlot, '7');
    FinishedRun finished;
    const absl::Status status =
        runner.RunAll(Policy(),
                      {{.admit = kAdmit,
                        .program_path = Hostile(0),
                        .predictions_path = layout_.predictions(kAdmit),
                        .predictions_offset = kBefore}},
                      NanosFromNow(absl::Seconds(20)), [&](const FinishedRun& run) {
                        finished = run;
                        return absl::OkStatus();
                      });
    EXPECT_TRUE(status.ok()) << status;
    return finished;
  }

  Runner RunnerWith(const std::string& scorer) const {
    absl::StatusOr<sandbox::Lane> lane =
        sandbox::Lane::Start({.launcher_path = Variable("PINHOLE_BIN") + "/pinhole-box",
                              .view_path = layout_.view(),
                              .uid = kLaneUser,
                              .gid = kLaneUser,
                              .view_gid = kViewGroup,
                              .cgroup_name = absl::StrFormat("scorer-%d", ::getpid())});
    EXPECT_TRUE(lane.ok()) << lane.status();
    std::vector<sandbox::Lane> lanes;
    lanes.push_back(*std::move(lane));
    return {std::move(lanes), scorer, layout_};
  }

  static int64_t NanosFromNow(absl::Duration patience) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec + absl::ToInt64Nanoseconds(patience);
  }

  // As the vault reads it when it releases; nothing: the failure symbol.
  static std::optional<int> LevelOf(const FinishedRun& run) {
    const auto levels = score::DecodeAnswer(run.answer, Policy().scoring.scale.level_count());
    if (!levels.ok() || !levels->has_value()) return std::nullopt;
    return (*levels)->public_level.index();
  }

  static std::string Text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempDir folder_ = *TempDir::Make();
  Layout layout_{folder_.path()};
};

struct Case {
  const char* name;
  int conduct;
};

constexpr Case kCases[] = {
    {"garbage", 1}, {"short", 2},         {"long", 3},    {"check", 4},      {"version", 5},
    {"status", 6},  {"contradiction", 7}, {"beyond", 8},  {"nothing", 9},    {"nonzero", 10},
    {"crash", 11},  {"hang", 12},         {"flood", 13},  {"call", 14},      {"file", 15},
    {"thread", 16}, {"labels", 17},       {"memory", 18}, {"elsewhere", 19},
};

TEST_F(HostileScorer, YieldsOnlyAFailure) {
  // The scorer is opened anew for each run, by its path: here a link that is turned.
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0711), 0);
  const std::string scorer = folder_.path() + "/scorer";
  const auto turn_to = [&](const std::string& program) {
    std::filesystem::remove(scorer);
    std::filesystem::copy_file(program, scorer);
  };
  turn_to(Scorer());
  Runner runner = RunnerWith(scorer);
  const FinishedRun right = Run(runner);
  // Ten predictions of 3 beside labels of 4: an error of 1, ten steps from the best.
  ASSERT_TRUE(LevelOf(right).has_value()) << sandbox::OutcomeName(right.evidence.outcome);
  ASSERT_NE(LevelOf(right), 1);
  // The output stands in its slot, and the scorer read no byte beside it: a 7 would spoil it.
  const std::string container = Text(layout_.predictions(kAdmit));
  std::string expected(kBefore + 2 * kSlot, '7');
  for (size_t i = 0; i < 10; ++i) expected.replace(kBefore + 2 * i, 2, "3\n");
  EXPECT_EQ(container, expected);
  const std::string sheet_before = Text(layout_.sheet("demo"));
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    turn_to(Hostile(c.conduct));
    const FinishedRun run = Run(runner);
    EXPECT_EQ(LevelOf(run), std::nullopt);
    EXPECT_EQ(run.admit, kAdmit);
    // What is kept of the model's run does not know its scorer.
    EXPECT_EQ(run.evidence.outcome, sandbox::Outcome::kExited);
    EXPECT_EQ(run.evidence.exit_code, 0);
    EXPECT_EQ(run.evidence.output_bytes, right.evidence.output_bytes);
    EXPECT_EQ(run.evidence.output, right.evidence.output);
    EXPECT_EQ(Text(layout_.sheet("demo")), sheet_before);
  }
  // What is left to it: a level of the contest's own scale, which costs what every score costs. It
  // shows too that the answers above were right but for what each says of itself.
  turn_to(Hostile(20));
  EXPECT_EQ(LevelOf(Run(runner)), 1);
  // Not even a program.
  std::filesystem::remove(scorer);
  std::ofstream(scorer) << "no program";
  EXPECT_EQ(LevelOf(Run(runner)), std::nullopt);
  // The lane has lived through all of it.
  turn_to(Scorer());
  EXPECT_EQ(LevelOf(Run(runner)), LevelOf(right));
}

}  // namespace
}  // namespace pinhole::vault
