#include "tests/redteam/arena.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "server/core/counting/worst_case.h"
#include "server/core/replay/test_build.h"
#include "server/storage/migration.h"
#include "server/system/files.h"
#include "server/vault/migrations.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::redteam {
namespace {

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "arena: %s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T Value(absl::StatusOr<T> result) {
  Must(result.status());
  return *std::move(result);
}

SigningKey KeyOf(std::string_view role, int64_t number) {
  return SigningKey::FromSeed(Sha256(absl::StrFormat("%s %d", role, number)));
}

const PublicKey& TeamKey(int team) {
  static std::vector<PublicKey> keys;
  while (keys.size() <= static_cast<size_t>(team))
    keys.push_back(KeyOf("team", static_cast<int64_t>(keys.size())).public_key());
  return keys[static_cast<size_t>(team)];
}

constexpr int64_t kRows = 20;  // public, and as many final ones

log::DatasetEntry DatasetOf(counting::Bits budget) {
  const SigningKey owner = testing::TestKey(2);
  log::DatasetEntry entry{
      .dataset = "planted",
      .shape = Value(contest::ParseShape("rows(id:i32,label:f64[0.5..5])", "rows", "label")),
      .train_rows = kRows,
      .public_rows = kRows,
      .final_rows = kRows,
      .declassified = counting::Bits::Whole(96),
      .budget = budget,
      .commitment = Sha256("data"),
      .owner = owner.public_key()};
  entry.signature = owner.Sign(log::DatasetStatement(entry));
  return entry;
}

TempDir Folder() {
  const bool memory = std::filesystem::is_directory("/dev/shm");
  return Value(TempDir::Make(memory ? "/dev/shm" : ""));
}

}  // namespace

contest::Policy ArenaPolicy(contest::ReleaseRule rule, int levels, int tries, int teams) {
  contest::Policy policy = testing::DemoPolicy();
  policy.contest = "arena";
  policy.scoring.scale = {.best = 5'000, .worst = 5'000 * int64_t{levels}, .step = 5'000};
  policy.release.rule = rule;
  policy.release.tries = tries;
  policy.release.teams = teams;
  policy.release.waiting = std::min(tries, 2);
  policy.release.acts_thousandths = 64'000;
  if (rule == contest::ReleaseRule::kEveryScore) {
    policy.release.shown_scores = 0;
    policy.release.shown_failures = 0;
  } else {
    const int all = rule == contest::ReleaseRule::kRecords ? tries * teams : tries;
    policy.release.shown_scores = std::min(levels, all);
    policy.release.shown_failures = 0;
  }
  policy.rounds.count = 4 * tries + 10;
  policy.rounds.lanes = std::min(1024, 2 * teams);
  policy.rounds.settle_ms = contest::SettleMs(contest::PredictionFormat::kText, 2 * kRows);
  policy.limits.output_bytes = 16 * kRows;
  policy.limits.wall_ms = 10'000;
  return policy;
}

vault::Answer AnswerOf(int level, int final_level) {
  vault::Answer answer = {'L', 1, 1};
  if (level >= 0) {
    answer = {'L',
              1,
              0,
              static_cast<uint8_t>(level & 0xff),
              static_cast<uint8_t>(level >> 8),
              static_cast<uint8_t>(final_level & 0xff),
              static_cast<uint8_t>(final_level >> 8),
              0};
  }
  answer.back() = score::AnswerCheck(answer);
  return answer;
}

Arena::Arena(const contest::Policy& policy) : folder_(Folder()), layout_{folder_.path()} {
  for (const std::string& path :
       {layout_.private_directory(), layout_.programs(), layout_.evidence()}) {
    Must(MakeDirectory(path, 0700));
  }
  database_.emplace(Value(storage::Database::Open(layout_.database(), storage::Mode::kCreate)));
  Must(storage::ApplyMigrations(*database_, vault::Migrations()));
  Reopen();
  Must(vault_->Start(replay::TestBuild(), log::Nonce{7}));
  vault::Proposals proposals(*database_);
  const auto worst = counting::CountWorstCase(policy).contest;
  Must(proposals
           .Add(vault::ProposalKind::kDataset, "-",
                Value(log::Encode(DatasetOf(worst + counting::Bits::Whole(96)))).bytes())
           .status());
  Must(proposals
           .Add(vault::ProposalKind::kPolicy, policy.contest,
                Value(log::Encode(testing::SignedPolicy(policy))).bytes())
           .status());
  Must(vault_->Exchange(vault::ExchangeKind::kIdle, {}, 0));
  for (const vault::SettledProposal& settled : vault_->settled()) {
    if (settled.state == vault::ProposalState::kRefused)
      Must(absl::InternalError(Value(proposals.Find(settled.id)).reason));
  }
  Must(vault_->Exchange(vault::ExchangeKind::kRound, Joins(), 0));
}

void Arena::Reopen() {
  vault_.reset();
  vault_.emplace(Value(vault::Vault::Open(
      *database_, Value(NoteSigner::Create("vault.example/test", testing::TestKey(3))), layout_)));
}

std::vector<vault::Arrived> Arena::Joins() const {
  std::vector<vault::Arrived> joins;
  for (int team = 0; team < policy().release.teams; ++team) {
    const SigningKey once = KeyOf("invitation", team);
    joins.push_back(
        {.request = pipe::SignJoin(
             once, KeyOf("team", team),
             pipe::SignInvitation(testing::TestKey(1), "arena", absl::StrFormat("team-%d", team),
                                  once.public_key()))});
  }
  return joins;
}

pipe::SubmitRequest Arena::Request(const Submission& submission, int64_t id) const {
  pipe::SubmitRequest request{.contest = "arena",
                              .policy = contest().policy_digest,
                              .team_key = TeamKey(submission.team),
                              .program = Sha256(submission.program),
                              .program_bytes = 1};
  for (size_t i = 0; i < 8; ++i) request.request_id[i] = static_cast<uint8_t>(id >> (8 * i));
  return request;
}

std::vector<std::string> Arena::Exchange(const std::vector<Submission>& submissions) {
  std::vector<vault::Arrived> arrived;
  for (const Submission& one : submissions)
    arrived.push_back({.request = Request(one, ++requests_), .commitment = Sha256(one.program)});
  const int64_t before = vault_->ledger().size();
  Must(vault_->Exchange(vault::ExchangeKind::kRound, arrived, 0));
  return Value(vault_->ledger().Entries(before, vault_->ledger().size() - before));
}

std::string Arena::PublicBytes() const {
  std::string all;
  for (const std::string& entry : Value(vault_->ledger().Entries(0, vault_->ledger().size())))
    all += entry;
  return all + Value(vault_->ledger().Head());
}

int64_t Arena::CrossesAfterMs() const {
  const schedule::RoundClock clock = contest().Clock();
  return clock.ExchangeMs(contest().NextRound()) - clock.StartMs(contest().NextRound());
}

}  // namespace pinhole::redteam
