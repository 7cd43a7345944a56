// A vault without sockets, lanes or a clock, for tests that say how runs end.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "server/core/score/answer.h"
#include "server/storage/migration.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "server/vault/migrations.h"
#include "server/vault/vault.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::vault {

// A run that reached these levels.
inline Answer AnswerOf(int level, int final_level) {
  Answer answer = {'L', 1, 0, static_cast<uint8_t>(level), 0, static_cast<uint8_t>(final_level),
                   0,   0};
  answer.back() = score::AnswerCheck(answer);
  return answer;
}

inline Answer AnswerOf(int level) { return AnswerOf(level, level); }

// A vault in a folder of its own, with the builder's data set and contest appended; four lanes.
class World {
 public:
  // `change` may change the policy, which has four lanes and the demo's settings.
  explicit World(const std::function<void(contest::Policy&)>& change = [](contest::Policy&) {})
      : folder_(*TempDir::Make()),
        layout_{folder_.path()},
        database_(MakeDatabase()),
        vault_(*Vault::Open(
            database_, *NoteSigner::Create("vault.example/test", testing::TestKey(3)), layout_)) {
    testing::LedgerBuilder builder;
    builder.Start();
    builder.Dataset();
    contest::Policy policy = testing::DemoPolicy();
    policy.rounds.lanes = 4;
    policy.release.waiting = 4;
    change(policy);
    builder.OpenContest(policy);
    EXPECT_TRUE(vault_.Start(Sha256("a build"), log::Nonce{7}).ok());
    Proposals proposals(database_);
    EXPECT_TRUE(proposals.Add(ProposalKind::kDataset, "-", builder.entries()[1]).ok());
    EXPECT_TRUE(proposals.Add(ProposalKind::kPolicy, "demo", builder.entries()[2]).ok());
    EXPECT_TRUE(vault_.Exchange(ExchangeKind::kIdle, {}, 0).ok());
    EXPECT_NE(vault_.state().Open(), nullptr);
  }

  Vault& vault() { return vault_; }
  Proposals proposals() { return Proposals(database_); }
  std::string Ledger() {
    std::string all;
    const auto entries = vault_.ledger().Entries(0, vault_.ledger().size());
    for (const std::string& entry : *entries) all += entry;
    return all + *vault_.ledger().Head();
  }
  // Two teams join and submit two programs each; the next round runs all four.
  void JoinAndSubmit() {
    std::vector<Arrived> joins;
    for (uint8_t team = 0; team < 2; ++team) {
      const SigningKey once = testing::TestKey(static_cast<uint8_t>(100 + team));
      joins.push_back({.request = pipe::SignJoin(
                           once, testing::TestKey(static_cast<uint8_t>(10 + team)),
                           pipe::SignInvitation(testing::TestKey(1), "demo",
                                                team == 0 ? "ada" : "bob", once.public_key()))});
    }
    EXPECT_TRUE(vault_.Exchange(ExchangeKind::kRound, joins, 0).ok());
    std::vector<Arrived> submissions;
    for (uint8_t i = 0; i < 4; ++i) {
      pipe::SubmitRequest request{.contest = "demo",
                                  .policy = vault_.state().Find("demo")->policy_digest,
                                  .program = Sha256(std::string(1, static_cast<char>('a' + i))),
                                  .program_bytes = 1};
      request.request_id[0] = i;
      submissions.push_back({.request = pipe::SignSubmit(
                                 testing::TestKey(static_cast<uint8_t>(10 + i / 2)), request)});
    }
    EXPECT_TRUE(vault_.Exchange(ExchangeKind::kRound, submissions, 0).ok());
  }

  const Layout& layout() const { return layout_; }

 private:
  storage::Database MakeDatabase() const {
    for (const std::string& path :
         {layout_.private_directory(), layout_.programs(), layout_.evidence()}) {
      EXPECT_TRUE(MakeDirectory(path, 0700).ok());
    }
    storage::Database database =
        *storage::Database::Open(layout_.database(), storage::Mode::kCreate);
    EXPECT_TRUE(storage::ApplyMigrations(database, Migrations()).ok());
    return database;
  }

  TempDir folder_;
  Layout layout_;
  storage::Database database_;
  Vault vault_;
};

}  // namespace pinhole::vault
