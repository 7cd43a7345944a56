// Writes a valid ledger as static files, for readers that are not ours: sample_ledger FOLDER ROUNDS
#include <cstdio>
#include <cstdlib>
#include <span>

#include "absl/strings/str_format.h"
#include "server/core/log/merkle.h"
#include "server/publish/static_ledger.h"
#include "tests/support/ledger_builder.h"

namespace pinhole {
namespace {

void Die(const absl::Status& status) {
  std::fprintf(stderr, "sample_ledger: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

// Three teams that try in most rounds, a shift, an outage, and an end.
std::vector<std::string> Entries(testing::LedgerBuilder& ledger, int rounds) {
  contest::Policy policy = testing::DemoPolicy();
  policy.rounds.count = rounds;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(policy);
  const char* const teams[] = {"ada", "grace", "mary"};
  for (int round = 1; round <= rounds; ++round) {
    if (round == 7) ledger.Shift(2);
    if (round == 9) ledger.Start(9);
    ledger.Release();
    if (round <= 3) ledger.Join(teams[round - 1]);
    const char* const team = teams[round % 3];
    const replay::Team* found = ledger.contest().FindTeam(team);
    const bool may = found != nullptr && found->tries_used < policy.release.tries &&
                     round + 2 < rounds && found->waiting < policy.release.waiting;
    if (may) {
      ledger.Admit(team, round % 5 == 0 ? std::nullopt : std::optional(50 - round % 51),
                   round % 7 == 0 ? std::optional(20) : std::nullopt);
    }
    ledger.EndRound();
  }
  ledger.Close();
  return ledger.entries();
}

int Main(const std::string& folder, int rounds) {
  testing::LedgerBuilder ledger;
  const std::vector<std::string> entries = Entries(ledger, rounds);
  MerkleTree tree;
  for (const std::string& entry : entries) tree.Append(LeafHash(entry));
  const auto log = NoteVerifier::FromVkey(ledger.Vkey());
  if (!log.ok()) Die(log.status());
  auto files = publish::StaticLedger::Open(folder, *log);
  if (!files.ok()) Die(files.status());
  const absl::Status done =
      files->Publish(ledger.Checkpoint(), [&](const Tile& tile) -> absl::StatusOr<std::string> {
        if (tile.kind == TileKind::kHashes) return HashTileBytes(tile, tree.Reader());
        return EntryTileBytes(std::span(entries).subspan(tile.index * kTileWidth, tile.width));
      });
  if (!done.ok()) Die(done);
  std::printf("%d entries\n", static_cast<int>(entries.size()));
  return 0;
}

}  // namespace
}  // namespace pinhole

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: sample_ledger FOLDER ROUNDS\n");
    return 2;
  }
  return pinhole::Main(argv[1], std::atoi(argv[2]));
}
