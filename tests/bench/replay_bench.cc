// Replay of a ledger by the one fold that vault, front, client and audit share, beside SHA-256 of
// the same bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/base/sha256.h"
#include "server/core/replay/ledger_state.h"
#include "tests/bench/suite.h"
#include "tests/support/busy_ledger.h"

namespace pinhole::bench {
namespace {

class ReplayFixture final : public Fixture {
 public:
  explicit ReplayFixture(Suite& suite)
      : entries_(testing::BusyLedger(suite.Pick(100'000, 400)).entries()) {
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
