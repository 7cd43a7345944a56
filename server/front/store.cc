// Opening, the mirror and tokens. Programs and requests: store_requests.cc.
#include "server/front/store.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/migrations.h"
#include "server/storage/transaction.h"

namespace pinhole::front {

using storage::Statement;
using storage::Transaction;

absl::StatusOr<Store> Store::Create(const std::string& path) {
  ASSIGN_OR_RETURN(storage::Database database,
                   storage::Database::Open(path, storage::Mode::kCreate));
  RETURN_IF_ERROR(storage::ApplyMigrations(database, Migrations()));
  return Store(std::move(database));
}

absl::StatusOr<Store> Store::Open(const std::string& path) {
  ASSIGN_OR_RETURN(storage::Database database,
                   storage::Database::Open(path, storage::Mode::kExisting));
  RETURN_IF_ERROR(storage::ApplyMigrations(database, Migrations()));
  return Store(std::move(database));
}

// Only before the store is shared.
Store::Store(Store&& other) noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS
    : database_(std::move(other.database_)) {}

absl::StatusOr<std::vector<std::string>> Store::LoadEntries() {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement rows,
                   database_.Prepare("SELECT position, bytes FROM entry ORDER BY position"));
  std::vector<std::string> entries;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return entries;
    if (rows.Int64(0) != static_cast<int64_t>(entries.size())) {
      return absl::DataLossError(
          absl::StrFormat("front.db: entry %d of the mirror is missing: restore a backup of it, or "
                          "make a new folder "
                          "with `pinholed init`; the vault hands the ledger over again",
                          entries.size()));
    }
    entries.emplace_back(AsText(rows.Blob(1)));
  }
}

absl::StatusOr<std::string> Store::LoadCheckpoint() {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement row, database_.Prepare("SELECT note FROM checkpoint WHERE id = 1"));
  ASSIGN_OR_RETURN(const bool found, row.Step());
  return found ? std::string(row.Text(0)) : std::string();
}

absl::Status Store::SaveExchange(const ExchangeRecord& record) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  ASSIGN_OR_RETURN(Statement add,
                   database_.Prepare("INSERT INTO entry (position, bytes) VALUES (?1, ?2)"));
  for (size_t i = 0; i < record.entries.size(); ++i) {
    add.BindInt64(1, record.first + static_cast<int64_t>(i))
        .BindBlob(2, AsBytes(record.entries[i]));
    RETURN_IF_ERROR(add.Run());
  }
  ASSIGN_OR_RETURN(Statement head,
                   database_.Prepare("INSERT INTO checkpoint (id, note) VALUES (1, ?1) "
                                     "ON CONFLICT (id) DO UPDATE SET note = excluded.note"));
  RETURN_IF_ERROR(head.BindText(1, record.checkpoint).Run());
  ASSIGN_OR_RETURN(Statement end, database_.Prepare("UPDATE request SET state = ?2, refusal = ?3 "
                                                    "WHERE id = ?1 AND state = 'received'"));
  for (const int64_t id : record.admitted) {
    RETURN_IF_ERROR(end.BindInt64(1, id).BindText(2, "admitted").BindText(3, "").Run());
  }
  for (const ExchangeRecord::Refusal& refusal : record.refused) {
    end.BindInt64(1, refusal.id).BindText(2, "refused").BindText(3, refusal.text);
    RETURN_IF_ERROR(end.Run());
  }
  return transaction.CommitUnlogged();
}

absl::Status Store::AddToken(const Digest& hash, const TeamIdentity& team) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  RETURN_IF_ERROR(InsertToken(hash, team));
  return transaction.CommitUnlogged();
}

absl::Status Store::InsertToken(const Digest& hash, const TeamIdentity& team) {
  ASSIGN_OR_RETURN(
      Statement add,
      database_.Prepare("INSERT INTO token (hash, contest, team_key) VALUES (?1, ?2, ?3)"));
  add.BindBlob(1, hash).BindText(2, team.contest).BindBlob(3, team.key.bytes);
  RETURN_IF_ERROR(add.Run());
  ASSIGN_OR_RETURN(
      Statement drop,
      database_.Prepare("DELETE FROM token WHERE contest = ?1 AND team_key = ?2 AND id "
                        "NOT IN (SELECT id FROM token WHERE contest = ?1 AND team_key "
                        "= ?2 ORDER BY id DESC LIMIT ?3)"));
  drop.BindText(1, team.contest).BindBlob(2, team.key.bytes).BindInt64(3, kTokensPerTeam);
  return drop.Run();
}

absl::StatusOr<std::optional<TeamIdentity>> Store::FindToken(const Digest& hash) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement row,
                   database_.Prepare("SELECT contest, team_key FROM token WHERE hash = ?1"));
  ASSIGN_OR_RETURN(const bool found, row.BindBlob(1, hash).Step());
  if (!found) return std::nullopt;
  TeamIdentity team{.contest = std::string(row.Text(0))};
  ASSIGN_OR_RETURN(team.key.bytes, row.FixedBlob<32>(1));
  return team;
}

}  // namespace pinhole::front
