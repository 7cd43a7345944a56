// The vault without sockets, lanes or a clock: whatever order runs end in, the ledger has the same
// bytes; committed levels are final.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "tests/unit/vault/vault_world.h"

namespace pinhole::vault {
namespace {

constexpr int kLevels = 51;

// Plays the round with the runs ending in `order`; run i reaches the i-th level.
std::string Play(const std::vector<size_t>& order) {
  const std::vector<int> reached = {20, 10, 30, 30};
  World world;
  world.JoinAndSubmit();
  const std::vector<DueRun> due = *world.vault().DueRuns();
  EXPECT_EQ(due.size(), 4U);
  for (const size_t run : order) {
    RunEvidence evidence{.outcome = sandbox::Outcome::kExited,
                         .wall_micros = static_cast<int64_t>(1000 * run)};
    EXPECT_TRUE(world.vault().CommitRun(due[run].admit, AnswerOf(reached[run]), evidence).ok());
  }
  EXPECT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, 0).ok());
  std::vector<std::string> texts;
  for (const auto& [index, admission] : world.vault().state().Find("demo")->admissions)
    texts.push_back(admission.result->text);
  // In ledger order: ada improves twice; bob's second run ties with his first. A gate in order of
  // completion would show ada's 0.9 or not, and bob's one or the other.
  EXPECT_EQ(texts, (std::vector<std::string>{"0.9", "0.85", "0.95", "NOT_IMPROVED"}));
  return world.Ledger();
}

TEST(Order, OfCompletionChangesNoByte) {
  std::vector<size_t> order(4);
  std::iota(order.begin(), order.end(), 0);
  const std::string first = Play(order);
  int permutations = 1;
  while (std::next_permutation(order.begin(), order.end())) {
    ASSERT_EQ(Play(order), first);
    ++permutations;
  }
  EXPECT_EQ(permutations, 24);
}

TEST(Level, OnceCommittedIsFinal) {
  World world;
  world.JoinAndSubmit();
  const std::vector<DueRun> due = *world.vault().DueRuns();
  ASSERT_EQ(due.size(), 4U);
  ASSERT_TRUE(world.vault().CommitRun(due[0].admit, AnswerOf(20), {}).ok());
  EXPECT_EQ(world.vault().CommitRun(due[0].admit, AnswerOf(1), {}).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(world.vault().DueRuns()->size(), 3U) << "a run with a level does not run again";
  ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, 0).ok());
  EXPECT_EQ(world.vault().state().Find("demo")->admissions.begin()->second.result->text, "0.9");
}

TEST(Level, OutsideTheScaleOrTornIsAFailedRun) {
  World world;
  world.JoinAndSubmit();
  const std::vector<DueRun> due = *world.vault().DueRuns();
  Answer torn = AnswerOf(3);
  torn[3] ^= 1;
  const std::vector<Answer> answers = {AnswerOf(kLevels + 1), torn, Answer{},
                                       score::EncodeAnswer(std::nullopt)};
  for (size_t i = 0; i < due.size(); ++i)
    ASSERT_TRUE(world.vault().CommitRun(due[i].admit, answers[i], {}).ok());
  ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, 0).ok());
  for (const auto& [index, admission] : world.vault().state().Find("demo")->admissions) {
    EXPECT_EQ(admission.result->text, "FAILED") << index;
  }
}

TEST(Programs, ThatNoRunMeansAreRemovedAtTheStart) {
  World world;
  world.JoinAndSubmit();
  const std::vector<DueRun> due = *world.vault().DueRuns();
  const std::string stray = world.layout().programs() + "/stray.part";
  for (const std::string& path : {due[0].program_path, due[1].program_path, stray})
    ASSERT_TRUE(WriteFileDurably(path, "a program", 0600).ok());
  ASSERT_TRUE(world.vault().Tidy().ok());
  EXPECT_TRUE(ReadFile(due[0].program_path).ok());
  EXPECT_TRUE(ReadFile(due[1].program_path).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadFile(stray).status()));
}

TEST(Programs, ThatCameWhenNoRoundRunsAreRemoved) {
  World world;
  const std::string path = world.layout().programs() + "/early";
  ASSERT_TRUE(WriteFileDurably(path, "a program", 0600).ok());
  pipe::SubmitRequest request{.contest = "demo",
                              .policy = world.vault().state().Find("demo")->policy_digest};
  const Arrived early{.request = pipe::SignSubmit(testing::TestKey(10), request),
                      .program_path = path};
  const int64_t before = world.vault().ledger().size();
  ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kIdle, {early}, 0).ok());
  EXPECT_EQ(world.vault().ledger().size(), before);
  EXPECT_TRUE(absl::IsNotFound(ReadFile(path).status()));
}

// What an operator proposes too late, or against a rule, is settled as refused in the rule's words.
TEST(Proposal, IsRefusedWithTheReason) {
  World world;
  struct Case {
    const char* contest;
    int64_t now_ms;
    const char* reason;
  };
  const int64_t origin_ms = testing::DemoPolicy().rounds.origin_ms;
  for (const Case& c :
       {Case{"late", origin_ms, "the start of its first round has passed: open it again"},
        Case{"second", 0, "the ledger's rules: one contest is open at a time"}}) {
    testing::LedgerBuilder builder;
    builder.Start();
    builder.Dataset();
    contest::Policy policy = testing::DemoPolicy();
    policy.contest = c.contest;
    builder.OpenContest(policy);
    const int64_t id =
        *world.proposals().Add(ProposalKind::kPolicy, c.contest, builder.entries()[2]);
    ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kIdle, {}, c.now_ms).ok());
    const Proposal settled = *world.proposals().Find(id);
    EXPECT_EQ(settled.state, ProposalState::kRefused);
    EXPECT_EQ(settled.reason, c.reason);
    EXPECT_EQ(world.vault().state().Find(c.contest), nullptr);
  }
}

}  // namespace
}  // namespace pinhole::vault
