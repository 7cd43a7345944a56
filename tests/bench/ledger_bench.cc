// What counting, proofs and static files of a ledger cost.
#include <optional>
#include <span>

#include "absl/strings/str_format.h"
#include "server/core/counting/worst_case.h"
#include "server/core/log/merkle.h"
#include "server/core/log/tiles.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {
namespace {

contest::Policy WidePolicy() {
  contest::Policy policy;
  policy.scoring.scale = {.best = 0, .worst = 4'999'000, .step = 1'000};  // 5,000 levels
  policy.release = {.rule = contest::ReleaseRule::kImprovements,
                    .tries = 1000,
                    .shown_scores = 10,
                    .shown_failures = 3,
                    .teams = 50,
                    .final_rule = contest::FinalRule::kTop3,
                    .acts_thousandths = 64'000};
  policy.rounds.count = 1000;
  policy.rounds.max_shift = 1000;
  return policy;
}

class LedgerFixture final : public Fixture {
 public:
  explicit LedgerFixture(Suite& suite) : folder_(*TempDir::Make()) {
    const auto size = static_cast<uint64_t>(suite.Pick(1'000'000, 2'000));
    for (uint64_t i = 0; i < size; ++i) tree_.Append(LeafHash(absl::StrFormat("entry %d", i)));
    AddCounting(suite);
    AddProofs(suite, size);
  }

 private:
  void AddCounting(Suite& suite) {
    suite.Add(Case{.name = "count", .unit = "policies", .clock = Clock::kCpu, .run = [this] {
                     const counting::WorstCase worst = counting::CountWorstCase(policy_);
                     if (worst_.has_value()) Check(worst.team_count == *worst_, "another count");
                     worst_ = worst.team_count;
                   }});
    // The least that one can do with so large numbers: one binomial of the sum's largest term.
    suite.Add(Case{.name = "binomial", .unit = "policies", .clock = Clock::kCpu, .run = [] {
                     Check(counting::Binomial(5000, 10) > counting::BigCount(1), "no binomial");
                   }});
    suite.Add(Row{.what = "counting a policy: 1000 tries, 5000 levels, 10 shown, 3 notices",
                  .subject = "count",
                  .floor = "binomial",
                  .floor_text = "one of its binomials",
                  .aim = Aim::kAtMost,
                  .seconds_aim = 0.05});
  }

  // A full tile at level 0 is on the disk, as a web server would read it.
  void AddProofs(Suite& suite, uint64_t size) {
    const Tile tile{.level = 0, .index = size / kTileWidth / 2};
    const auto bytes = HashTileBytes(tile, tree_.Reader());
    Check(bytes.ok() && WriteFileDurably(path_, *bytes, 0600).ok(), "no tile");
    constexpr int kProofs = 1000;
    suite.Add(Case{.name = "prove",
                   .amount = kProofs,
                   .unit = "proofs",
                   .clock = Clock::kCpu,
                   .run = [this, size] {
                     for (uint64_t i = 0; i < kProofs; ++i) {
                       const uint64_t index = i * 7919 % size;
                       Check(tree_.InclusionProof(index, size).ok(), "no proof");
                     }
                   }});
    suite.Add(Case{.name = "verify",
                   .amount = kProofs,
                   .unit = "proofs",
                   .clock = Clock::kCpu,
                   .run = [this, size, root = tree_.Root()] {
                     for (uint64_t i = 0; i < kProofs; ++i) {
                       const uint64_t index = i * 7919 % size;
                       const Digest leaf = LeafHash(absl::StrFormat("entry %d", index));
                       const auto proof = tree_.InclusionProof(index, size);
                       Check(VerifyInclusion(index, size, leaf, *proof, root).ok(), "no proof");
                     }
                   }});
    suite.Add(Case{
        .name = "tile", .amount = kProofs, .unit = "proofs", .clock = Clock::kCpu, .run = [this] {
          for (int i = 0; i < kProofs; ++i) {
            const auto tile_bytes = ReadFile(path_);
            Check(tile_bytes.ok() && tile_bytes->size() == kTileWidth * 32, "no tile");
          }
        }});
    suite.Add(Row{.what = absl::StrFormat("inclusion proofs of a ledger of %d entries", size),
                  .subject = "prove",
                  .floor = "tile",
                  .floor_text = "reading one tile of 8 KiB, from memory of the file system"});
    suite.Add(Row{.what = "the same, made and verified",
                  .subject = "verify",
                  .floor = "tile",
                  .floor_text = "reading one tile of 8 KiB, from memory of the file system"});
  }

  TempDir folder_;
  const std::string path_ = folder_.path() + "/tile";
  const contest::Policy policy_ = WidePolicy();
  std::optional<counting::BigCount> worst_;
  MerkleTree tree_;
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<LedgerFixture>(suite); }

}  // namespace pinhole::bench
