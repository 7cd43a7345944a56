#include "tests/integration/ledger/sample.h"

#include <span>

#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/publish/static_ledger.h"

namespace pinhole::testing {
namespace {

constexpr char kOrigin[] = "vault.example/test";  // LedgerBuilder's

// Ada stays with the first of hers that she can choose; grace goes back to her best.
void Choose(LedgerBuilder& ledger, int round) {
  const auto first = [&](const char* name) {
    const replay::Team& team = *ledger.contest().FindTeam(name);
    for (const int64_t admit : team.admissions) {
      if (replay::MayChoose(ledger.contest(), team, admit)) return std::optional(admit);
    }
    return std::optional<int64_t>();
  };
  if (round == 8 && first("grace").has_value()) ledger.Choose("grace", first("grace"));
  if (round == 14 && first("ada").has_value()) ledger.Choose("ada", first("ada"));
  if (round == 15 && ledger.contest().FindTeam("grace")->choice.has_value())
    ledger.Choose("grace", std::nullopt);
}

}  // namespace

LedgerBuilder SampleLedger(contest::ReleaseRule rule, contest::FinalRule final_rule, int rounds,
                           int witnesses) {
  contest::Policy policy = DemoPolicy();
  policy.rounds.count = rounds;
  policy.release.acts_thousandths = 192'000;  // what happens below, however many rounds there are
  policy.release.rule = rule;
  policy.release.final_rule = final_rule;
  if (rule == contest::ReleaseRule::kEveryScore) {
    policy.release.shown_scores = policy.release.shown_failures = 0;
  }
  if (witnesses > 0) AskWitnesses(policy, witnesses, witnesses / 2 + 1);
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(policy);
  const char* const teams[] = {"ada", "grace", "mary"};
  for (int round = 1; round <= rounds; ++round) {
    if (round == 7) ledger.Shift(2);
    if (round == 9) ledger.Start(9);
    if (round == 10) ledger.ActOnTeam(log::ActKind::kDisqualify, "mary");
    if (round == 11) ledger.ActOnTeam(log::ActKind::kReinstate, "mary");
    if (round == 12) ledger.Lower(log::ActKind::kLowerTries, policy.release.tries - 1);
    if (round == 12) ledger.Lower(log::ActKind::kLowerTries, policy.release.tries - 3);
    if (round == 13 && rule != contest::ReleaseRule::kEveryScore) {
      ledger.Lower(log::ActKind::kLowerShownScores, policy.release.shown_scores - 2);
      ledger.Lower(log::ActKind::kLowerShownFailures, policy.release.shown_failures - 1);
    }
    ledger.Release();
    if (final_rule != contest::FinalRule::kNone) Choose(ledger, round);
    if (round <= 3) ledger.Join(teams[round - 1]);
    const char* const team = teams[round % 3];
    const replay::Team* found = ledger.contest().FindTeam(team);
    const bool may = found != nullptr && !found->disqualified &&
                     found->tries_used < ledger.contest().limits.tries && round + 2 < rounds &&
                     found->waiting < policy.release.waiting;
    if (may) {
      ledger.Admit(team, round % 5 == 0 ? std::nullopt : std::optional(50 - round % 51),
                   round % 7 == 0 ? std::optional(20) : std::nullopt);
    }
    ledger.EndRound();
  }
  ledger.Final();
  ledger.Close();
  return ledger;
}

absl::Status WriteStaticFiles(const std::vector<std::string>& entries, const std::string& folder,
                              const std::vector<int>& cosigners) {
  ASSIGN_OR_RETURN(const NoteSigner signer, NoteSigner::Create(kOrigin, TestKey(3)));
  MerkleTree tree;
  for (const std::string& entry : entries) tree.Append(LeafHash(entry));
  const Checkpoint checkpoint = {kOrigin, tree.size(), tree.Root()};
  ASSIGN_OR_RETURN(std::string head, SignCheckpoint(checkpoint, signer));
  for (const int n : cosigners)
    head += TestWitness(n).Cosign(FormatCheckpoint(checkpoint), 1'700'000'000 + n);
  ASSIGN_OR_RETURN(publish::StaticLedger files,
                   publish::StaticLedger::Open(folder, signer.verifier()));
  return files.Publish(head, [&](const Tile& tile) -> absl::StatusOr<std::string> {
    if (tile.kind == TileKind::kHashes) return HashTileBytes(tile, tree.Reader());
    return EntryTileBytes(std::span(entries).subspan(tile.index * kTileWidth, tile.width));
  });
}

}  // namespace pinhole::testing
