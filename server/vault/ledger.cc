#include "server/vault/ledger.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::vault {
namespace {

constexpr size_t kBatch = 32;  // rows of one statement

}  // namespace

absl::StatusOr<Ledger> Ledger::Open(storage::Database& database, NoteSigner signer) {
  ASSIGN_OR_RETURN(storage::Statement append,
                   database.Prepare("INSERT INTO entry (idx, bytes) VALUES (?1, ?2)"));
  std::string many = "INSERT INTO entry (idx, bytes) VALUES (?, ?)";
  for (size_t i = 1; i < kBatch; ++i) many += ", (?, ?)";
  ASSIGN_OR_RETURN(storage::Statement append_many, database.Prepare(many));
  Ledger ledger(database, std::move(signer), std::move(append), std::move(append_many));
  RETURN_IF_ERROR(ledger.Reload());
  return ledger;
}

absl::Status Ledger::Reload() {
  replay::LedgerState state;
  // One statement, one moment: a command reads while the serving vault commits.
  ASSIGN_OR_RETURN(storage::Statement read,
                   database_->Prepare("SELECT idx, bytes, (SELECT note FROM checkpoint ORDER BY "
                                      "size DESC LIMIT 1) FROM entry ORDER BY idx"));
  std::string head;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    if (state.size() == 0) head = std::string(read.Text(2));
    if (read.Int64(0) != state.size())
      return absl::DataLossError(absl::StrFormat("the ledger lacks entry %d", state.size()));
    if (const absl::Status status = state.Apply(AsText(read.Blob(1))); !status.ok()) {
      return absl::DataLossError(absl::StrFormat("entry %d of the ledger: %s", state.size(),
                                                 std::string(status.message())));
    }
  }
  if (state.size() > 0) {
    ASSIGN_OR_RETURN(const Checkpoint checkpoint, OpenCheckpoint(head, signer_.verifier()));
    if (checkpoint.size != static_cast<uint64_t>(state.size()) || checkpoint.root != state.Root()) {
      return absl::DataLossError("the ledger's entries are not those its newest head signs");
    }
  }
  state_ = std::move(state);
  pending_.clear();
  return ReadReleased();
}

absl::Status Ledger::ReadReleased() {
  ASSIGN_OR_RETURN(
      storage::Statement read,
      database_->Prepare("SELECT ifnull(max(size), 0) FROM checkpoint WHERE released IS NOT NULL"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  released_size_ = row ? read.Int64(0) : 0;
  return absl::OkStatus();
}

absl::Status Ledger::Append(storage::Transaction& /*transaction*/, log::EncodedEntry entry) {
  RETURN_IF_ERROR(state_.Apply(entry.bytes()));
  pending_.push_back(std::move(entry));
  return pending_.size() < kBatch ? absl::OkStatus() : WritePending();
}

absl::Status Ledger::WritePending() {
  int64_t index = state_.size() - static_cast<int64_t>(pending_.size());
  if (pending_.size() == kBatch) {
    int parameter = 0;
    for (const log::EncodedEntry& entry : pending_) {
      append_many_.BindInt64(++parameter, index++);
      append_many_.BindBlobView(++parameter, AsBytes(entry.bytes()));
    }
    const absl::Status written = append_many_.Run();
    append_many_.Reset();
    RETURN_IF_ERROR(written);
  } else {
    for (const log::EncodedEntry& entry : pending_) {
      append_.BindInt64(1, index++).BindBlob(2, AsBytes(entry.bytes()));
      RETURN_IF_ERROR(append_.Run());
    }
  }
  pending_.clear();
  return absl::OkStatus();
}

absl::StatusOr<storage::Logged> Ledger::Seal(storage::Transaction& transaction) {
  RETURN_IF_ERROR(WritePending());
  ASSIGN_OR_RETURN(
      const std::string note,
      SignCheckpoint(
          {.origin = origin(), .size = static_cast<uint64_t>(state_.size()), .root = state_.Root()},
          signer_));
  const bool waits = state_.witnesses().asked();
  ASSIGN_OR_RETURN(
      storage::Statement insert,
      database_->Prepare("INSERT INTO checkpoint (size, note, released) VALUES (?1, ?2, ?3)"));
  insert.BindInt64(1, state_.size()).BindText(2, note);
  if (!waits) insert.BindText(3, note);
  RETURN_IF_ERROR(insert.Run());
  if (!waits) released_size_ = state_.size();
  return storage::Logged(transaction);
}

absl::StatusOr<std::vector<std::string>> Ledger::Entries(int64_t first, int64_t count) const {
  ASSIGN_OR_RETURN(
      storage::Statement read,
      database_->Prepare("SELECT bytes FROM entry WHERE idx >= ?1 ORDER BY idx LIMIT ?2"));
  read.BindInt64(1, first).BindInt64(2, count);
  std::vector<std::string> entries;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return entries;
    entries.emplace_back(AsText(read.Blob(0)));
  }
}

absl::StatusOr<std::string> Ledger::Head() const {
  ASSIGN_OR_RETURN(storage::Statement read,
                   database_->Prepare("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  return row ? std::string(read.Text(0)) : std::string();
}

absl::StatusOr<SignedHead> Ledger::HeadFrom(int64_t size) const {
  ASSIGN_OR_RETURN(
      storage::Statement read,
      database_->Prepare("SELECT size, released FROM checkpoint WHERE released IS NOT NULL AND "
                         "(size >= ?1 OR size = ?2) ORDER BY size LIMIT 1"));
  read.BindInt64(1, size).BindInt64(2, released_size_);
  ASSIGN_OR_RETURN(const bool row, read.Step());
  return row ? SignedHead{.size = read.Int64(0), .note = std::string(read.Text(1))} : SignedHead();
}

}  // namespace pinhole::vault
