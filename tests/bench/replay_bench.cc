// Replay of a ledger by the one fold that vault, front, client and audit share, beside SHA-256 of
// the same bytes.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/sha256.h"
#include "server/core/replay/ledger_state.h"
#include "tests/bench/suite.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::bench {
namespace {

constexpr int kTeams = 80;

// A busy contest: every round each lane's place is used, teams take turns, some runs fail, few
// improve.
contest::Policy BusyPolicy(int64_t tries) {
  contest::Policy policy = testing::DemoPolicy();
  policy.scoring.scale = {.best = 800'000, .worst = 1'800'000, .step = 5'000};
  policy.release.rule = contest::ReleaseRule::kImprovements;
  policy.release.tries = static_cast<int>(tries);
  policy.release.shown_scores = 20;
  policy.release.shown_failures = 5;
  policy.release.waiting = 2;
  policy.release.teams = kTeams;
  policy.release.acts_thousandths = 64'000;
  policy.rounds.count = 5 * tries;
  policy.rounds.lanes = 40;
  return policy;
}

// With a budget that holds the busy contest.
void AppendDataset(testing::LedgerBuilder& builder) {
  const SigningKey owner = testing::TestKey(2);
  const auto shape = contest::ParseShape("rows(id:i64,y:f64)", "rows", "y");
  Check(shape.ok(), "no shape");
  log::DatasetEntry entry{.dataset = "rows",
                          .shape = *shape,
                          .train_rows = 80'000,
                          .public_rows = 10'000,
                          .final_rows = 10'000,
                          .declassified = counting::Bits::Whole(96),
                          .budget = counting::Bits::Whole(1'000'000),
                          .commitment = Sha256("data"),
                          .owner = owner.public_key()};
  entry.signature = owner.Sign(log::DatasetStatement(entry));
  const auto encoded = log::Encode(entry);
  Check(encoded.ok() && builder.Append(*encoded).ok(), "the DATASET entry is refused");
}

std::vector<std::string> BuildLedger(int64_t entries) {
  testing::LedgerBuilder builder;
  builder.Start();
  AppendDataset(builder);
  builder.OpenContest(BusyPolicy(std::max<int64_t>(entries / (2 * kTeams) + 1, 20)));
  for (int team = 0; team < kTeams; ++team) builder.Join(absl::StrFormat("team-%d", team));
  builder.EndRound();
  uint64_t noise = 1;
  for (int64_t number = 0; builder.state().size() < entries; ++number) {
    builder.Release();
    for (int place = 0; place < 40; ++place) {
      noise = noise * 6364136223846793005 + 1442695040888963407;
      const auto draw = static_cast<int>(noise >> 33);
      const std::optional<int> level =
          draw % 20 == 0 ? std::nullopt : std::optional(draw / 20 % 201);
      builder.Admit(absl::StrFormat("team-%d", (number * 40 + place) % kTeams), level);
    }
    builder.EndRound();
  }
  builder.Release();
  builder.EndRound();
  return builder.entries();
}

class ReplayFixture final : public Fixture {
 public:
  explicit ReplayFixture(Suite& suite) : entries_(BuildLedger(suite.Pick(100'000, 400))) {
    int64_t results = 0;
    for (const std::string& entry : entries_) {
      bytes_ += entry;
      results += log::EntryType(entry) == "RESULT" ? 1 : 0;
    }
    Check(results > static_cast<int64_t>(entries_.size()) / 3, "too few results in the ledger");
    const auto count = static_cast<double>(entries_.size());
    suite.Add(Case{.name = "replay",
                   .amount = count,
                   .unit = "entries",
                   .clock = Clock::kCpu,
                   .run =
                       [this] {
                         for (const std::string& entry : entries_) {
                           Check(state_->Apply(entry).ok(), "an entry is refused");
                         }
                         Check(state_->size() == static_cast<int64_t>(entries_.size()),
                               "lost entries");
                         if (root_.has_value()) Check(state_->Root() == *root_, "another root");
                         root_ = state_->Root();
                       },
                   .prepare = [this] { state_.emplace(); }});
    suite.Add(Case{
        .name = "hash", .amount = count, .unit = "entries", .clock = Clock::kCpu, .run = [this] {
          const Digest digest = Sha256(bytes_);
          if (digest_.has_value()) Check(digest == *digest_, "another hash");
          digest_ = digest;
        }});
    suite.Add(Case{
        .name = "leaves", .amount = count, .unit = "entries", .clock = Clock::kCpu, .run = [this] {
          MerkleFrontier tree;
          for (const std::string& entry : entries_) tree.Append(LeafHash(entry));
          if (root_.has_value()) Check(tree.Root() == *root_, "another root");
        }});
    suite.Add(Row{.what = "replay of a ledger, every rule and charge",
                  .subject = "replay",
                  .floor = "hash",
                  .floor_text = "SHA-256 of the same bytes, in one piece",
                  .ratio_aim = 0.3});
    suite.Add(Row{.what = "of it: the tree's hashes, two an entry",
                  .subject = "leaves",
                  .floor = "hash",
                  .floor_text = "SHA-256 of the same bytes, in one piece"});
  }

 private:
  std::vector<std::string> entries_;
  std::string bytes_;
  std::optional<replay::LedgerState> state_;
  std::optional<Digest> root_;
  std::optional<Digest> digest_;
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<ReplayFixture>(suite); }

}  // namespace pinhole::bench
