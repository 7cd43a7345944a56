// Entries leave the vault when as many witnesses cosigned their head as POLICY asks for, and a
// vault that was set back runs nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/log/witness.h"
#include "tests/unit/vault/vault_world.h"

namespace pinhole::vault {
namespace {

constexpr int64_t kOrigin = 1'000'000'000;  // of round 1, LedgerBuilder's

void TwoOfThree(contest::Policy& policy) { testing::AskWitnesses(policy, 3, 2); }

// A witness as it is: it remembers, and signs what follows alone.
class Witness {
 public:
  explicit Witness(int n) : signer_(testing::TestWitness(n)) {}

  // The line for the vault's newest head, or nothing when it does not follow.
  std::optional<std::string> Sign(const Ledger& ledger) {
    const NoteVerifier log =
        NoteSigner::Create("vault.example/test", testing::TestKey(3))->verifier();
    MerkleTree tree;
    const std::vector<std::string> entries = *ledger.Entries(0, ledger.size());
    for (const std::string& entry : entries) tree.Append(LeafHash(entry));
    const auto proof = tree.ConsistencyProof(last_.size, tree.size());
    if (!proof.ok()) return std::nullopt;
    const WitnessDecision decision = JudgeCheckpoint(
        FormatAddCheckpoint(
            {.old_size = last_.size, .proof = *proof, .checkpoint = *ledger.Head()}),
        log, last_);
    if (decision.verdict != WitnessVerdict::kCosign) return std::nullopt;
    last_ = {.size = decision.head.size, .root = decision.head.root};
    return signer_.Cosign(FormatCheckpoint(decision.head), ++time_);
  }

 private:
  WitnessSigner signer_;
  WitnessedHead last_;
  int64_t time_ = 1'700'000'000;
};

// True when each line was there to take.
bool Cosign(Vault& vault, const std::vector<Witness*>& witnesses) {
  for (Witness* witness : witnesses) {
    const std::optional<std::string> line = witness->Sign(vault.ledger());
    if (!line.has_value()) return false;
    EXPECT_TRUE(vault.TakeCosignature(*line).ok());
  }
  return true;
}

size_t SignaturesOf(const std::string& note) { return ParseNote(note)->signatures.size(); }

TEST(VaultQuorum, NothingLeavesAfterThePolicyUntilTwoOfThreeCosigned) {
  World world(&TwoOfThree);
  Vault& vault = world.vault();
  Witness one(1);
  Witness two(2);
  Witness three(3);
  // START alone was released: no POLICY asked for anybody then.
  const int64_t start = 1;
  EXPECT_EQ(vault.ledger().released_size(), start);
  EXPECT_TRUE(vault.AwaitsQuorum());
  ASSERT_TRUE(Cosign(vault, {&one}));
  EXPECT_EQ(vault.ledger().released_size(), start);
  ASSERT_TRUE(Cosign(vault, {&three}));
  EXPECT_EQ(vault.ledger().released_size(), vault.ledger().size());
  EXPECT_FALSE(vault.AwaitsQuorum());

  const SignedHead head = *vault.ledger().HeadFrom(0);
  EXPECT_EQ(head.size, start);
  const SignedHead newest = *vault.ledger().HeadFrom(vault.ledger().size());
  EXPECT_EQ(newest.size, vault.ledger().size());
  EXPECT_EQ(SignaturesOf(newest.note), 3u);
  // A third comes too late to change what was released.
  ASSERT_TRUE(Cosign(vault, {&two}));
  EXPECT_EQ(vault.ledger().HeadFrom(vault.ledger().size())->note, newest.note);
}

TEST(VaultQuorum, RoundsGoOnAndAllComesWhenTheWitnessesAreBack) {
  World world(&TwoOfThree);
  Vault& vault = world.vault();
  Witness one(1);
  Witness two(2);
  ASSERT_TRUE(Cosign(vault, {&one, &two}));
  const int64_t released = vault.ledger().released_size();
  world.JoinAndSubmit();
  const std::vector<DueRun> due = *vault.DueRuns();
  for (const DueRun& run : due) ASSERT_TRUE(vault.CommitRun(run.admit, AnswerOf(10), {}).ok());
  ASSERT_TRUE(vault.Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  EXPECT_EQ(vault.state().Open()->last_round, 3);
  EXPECT_EQ(vault.ledger().released_size(), released);
  EXPECT_EQ(vault.ledger().HeadFrom(vault.ledger().size())->size, released);
  // They see the newest head alone; what lies between is under it.
  ASSERT_TRUE(Cosign(vault, {&one, &two}));
  EXPECT_EQ(vault.ledger().released_size(), vault.ledger().size());
}

TEST(VaultQuorum, LinesOfNoUseAreDropped) {
  World world(&TwoOfThree);
  Vault& vault = world.vault();
  const int64_t released = vault.ledger().released_size();
  Witness one(1);
  Witness stranger(4);
  const std::string good = *one.Sign(vault.ledger());
  const std::string by_stranger = *stranger.Sign(vault.ledger());
  std::string forged = good;
  forged[forged.size() - 8] = forged[forged.size() - 8] == 'A' ? 'B' : 'A';
  for (const std::string& line :
       {std::string(), std::string("\n"), std::string("no line"), by_stranger, forged, good + good,
        good + by_stranger, *vault.ledger().Head(), good, good, forged}) {
    ASSERT_TRUE(vault.TakeCosignature(line).ok()) << line;
    EXPECT_EQ(vault.ledger().released_size(), released) << line;
  }
  // The good line was kept, once: one more is enough.
  Witness two(2);
  ASSERT_TRUE(Cosign(vault, {&two}));
  EXPECT_EQ(vault.ledger().released_size(), vault.ledger().size());
}

TEST(VaultQuorum, ALineForAnOlderHeadIsOfNoUse) {
  World world(&TwoOfThree);
  Vault& vault = world.vault();
  Witness one(1);
  Witness two(2);
  ASSERT_TRUE(Cosign(vault, {&one, &two}));
  ASSERT_TRUE(vault.Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  const std::string old_one = *one.Sign(vault.ledger());
  const std::string old_two = *two.Sign(vault.ledger());
  ASSERT_TRUE(vault.Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  ASSERT_TRUE(vault.TakeCosignature(old_one).ok());
  ASSERT_TRUE(vault.TakeCosignature(old_two).ok());
  EXPECT_TRUE(vault.AwaitsQuorum());
}

TEST(VaultQuorum, OutlastsARestart) {
  World world(&TwoOfThree);
  Witness one(1);
  Witness two(2);
  ASSERT_TRUE(Cosign(world.vault(), {&one}));
  {
    // One cosignature was kept; the other comes to another process.
    storage::Database database =
        *storage::Database::Open(world.layout().database(), storage::Mode::kExisting);
    Vault vault = *Vault::Open(
        database, *NoteSigner::Create("vault.example/test", testing::TestKey(3)), world.layout());
    EXPECT_TRUE(vault.AwaitsQuorum());
    ASSERT_TRUE(Cosign(vault, {&two}));
    EXPECT_FALSE(vault.AwaitsQuorum());
  }
  storage::Database database =
      *storage::Database::Open(world.layout().database(), storage::Mode::kExisting);
  const Vault vault = *Vault::Open(
      database, *NoteSigner::Create("vault.example/test", testing::TestKey(3)), world.layout());
  EXPECT_EQ(vault.ledger().released_size(), vault.ledger().size());
}

// The witnesses saw more than the copy has: nobody cosigns its START, so it may never run.
TEST(VaultQuorum, ARestoredOldVaultMayNotRun) {
  World world(&TwoOfThree);
  Vault& vault = world.vault();
  Witness one(1);
  Witness two(2);
  ASSERT_TRUE(vault.Start(Sha256("a build"), log::Nonce{8}).ok());
  EXPECT_FALSE(vault.MayRun()) << "before its START was cosigned";
  ASSERT_TRUE(Cosign(vault, {&one, &two}));
  EXPECT_TRUE(vault.MayRun());

  ASSERT_TRUE(vault.Checkpoint().ok());
  const TempDir copy = *TempDir::Make();
  std::filesystem::copy(world.layout().directory, copy.path(),
                        std::filesystem::copy_options::recursive);
  ASSERT_TRUE(vault.Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  ASSERT_TRUE(Cosign(vault, {&one, &two}));

  const Layout layout{copy.path()};
  storage::Database database =
      *storage::Database::Open(layout.database(), storage::Mode::kExisting);
  Vault restored = *Vault::Open(
      database, *NoteSigner::Create("vault.example/test", testing::TestKey(3)), layout);
  const int64_t released = restored.ledger().released_size();
  ASSERT_TRUE(restored.Start(Sha256("a build"), log::Nonce{9}).ok());
  EXPECT_FALSE(Cosign(restored, {&one}));
  EXPECT_FALSE(Cosign(restored, {&two}));
  // Nor as it grows: it is another history, however long.
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(restored.Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  EXPECT_FALSE(Cosign(restored, {&one}));
  EXPECT_FALSE(restored.MayRun());
  EXPECT_EQ(restored.ledger().released_size(), released);
}

// A front that keeps a head from the witnesses, and whoever sets the vault back to the last head
// that they signed, see a round twice; but what the second shows opens no hash of the first.
TEST(VaultQuorum, WhatASecondRunShowsOpensNoHashOfTheFirst) {
  World world(&TwoOfThree);
  Vault& vault = world.vault();
  Witness one(1);
  Witness two(2);
  world.JoinAndSubmit();
  ASSERT_TRUE(Cosign(vault, {&one, &two}));
  ASSERT_TRUE(vault.Checkpoint().ok());
  const TempDir copy = *TempDir::Make();
  std::filesystem::copy(
      world.layout().directory, copy.path(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  const int64_t cosigned = vault.ledger().size();
  const auto run_round = [](Vault& any) {
    const std::vector<DueRun> due = *any.DueRuns();
    ASSERT_EQ(due.size(), 4u);
    for (const DueRun& run : due) ASSERT_TRUE(any.CommitRun(run.admit, AnswerOf(10), {}).ok());
    ASSERT_TRUE(any.Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
  };
  run_round(vault);
  const std::vector<std::string> first =
      *vault.ledger().Entries(cosigned, vault.ledger().size() - cosigned);

  const Layout layout{copy.path()};
  storage::Database database =
      *storage::Database::Open(layout.database(), storage::Mode::kExisting);
  Vault restored = *Vault::Open(
      database, *NoteSigner::Create("vault.example/test", testing::TestKey(3)), layout);
  ASSERT_TRUE(restored.Start(Sha256("a build"), log::Nonce{9}).ok());
  ASSERT_TRUE(Cosign(restored, {&one, &two})) << "they never saw the first run";
  ASSERT_TRUE(restored.MayRun());
  run_round(restored);
  ASSERT_TRUE(Cosign(restored, {&one, &two}));
  const std::string last = (*restored.ledger().Entries(restored.ledger().size() - 1, 1))[0];
  const log::Entry shown = *log::ParseEntry(last);
  const log::Blinder blinder(*std::get<log::RoundEntry>(shown).blinding);
  int results = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    const log::Entry entry = *log::ParseEntry(first[i]);
    const auto* result = std::get_if<log::ResultEntry>(&entry);
    if (result == nullptr) continue;
    ++results;
    EXPECT_NE(result->blind, blinder.Of(cosigned + static_cast<int64_t>(i)));
  }
  EXPECT_EQ(results, 4);
}

// What witnesses and the front are shown before the quorum tells no result: each RESULT has a blind
// of its own that does not depend on what it says.
TEST(VaultQuorum, HashesThatWaitTellNoResult) {
  std::vector<std::vector<std::string>> results;
  for (const int level : {10, 11}) {
    World world(&TwoOfThree);
    world.JoinAndSubmit();
    const std::vector<DueRun> due = *world.vault().DueRuns();
    for (const DueRun& run : due)
      ASSERT_TRUE(world.vault().CommitRun(run.admit, AnswerOf(level), {}).ok());
    ASSERT_TRUE(world.vault().Exchange(ExchangeKind::kRound, {}, kOrigin).ok());
    std::vector<std::string>& found = results.emplace_back();
    const Ledger& ledger = world.vault().ledger();
    const std::vector<std::string> entries = *ledger.Entries(0, ledger.size());
    for (const std::string& entry : entries) {
      if (log::EntryType(entry) == "RESULT") found.push_back(entry);
    }
  }
  ASSERT_EQ(results[0].size(), 4u);
  const auto blind_of = [](const std::string& entry) {
    return entry.substr(entry.find(" blind="), std::string_view(" blind=").size() + 64);
  };
  std::set<std::string> blinds;
  for (size_t i = 0; i < 4; ++i) {
    blinds.insert(blind_of(results[0][i]));
    EXPECT_EQ(blind_of(results[0][i]), blind_of(results[1][i]));
  }
  EXPECT_EQ(blinds.size(), 4u);
  EXPECT_NE(results[0][0], results[1][0]);
}

}  // namespace
}  // namespace pinhole::vault
