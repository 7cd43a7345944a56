// The ledger in the vault's database: the one writer of entries and of signed heads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/entries.h"
#include "server/core/replay/ledger_state.h"
#include "server/storage/database.h"
#include "server/storage/logged.h"
#include "server/storage/transaction.h"

namespace pinhole::vault {

// A head that was signed at some time, and the ledger's size then.
struct SignedHead {
  int64_t size = 0;
  std::string note;
};

// Holds the fold of all entries in memory. Use from one thread. The database must outlive it.
class Ledger {
 public:
  // Reads and replays every entry and checks the newest head against them. Errors: DATA_LOSS when
  // the stored ledger breaks its own rules or root.
  static absl::StatusOr<Ledger> Open(storage::Database& database, NoteSigner signer);

  const replay::LedgerState& state() const { return state_; }
  int64_t size() const { return state_.size(); }
  const std::string& origin() const { return signer_.verifier().name(); }

  // Appends inside `transaction`, after the auditor's own rules accepted the entry. Errors: what
  // LedgerState::Apply says; the transaction may go on then.
  absl::Status Append(storage::Transaction& transaction, log::EncodedEntry entry);

  // Signs the head that covers all appended entries; with it the transaction can be committed.
  absl::StatusOr<storage::Logged> Seal(storage::Transaction& transaction);

  // Forgets what was appended since the last commit: call after a transaction did not commit.
  absl::Status Reload();

  // At most `count` entries from `first` on.
  absl::StatusOr<std::vector<std::string>> Entries(int64_t first, int64_t count) const;
  // The newest signed head; empty before the first.
  absl::StatusOr<std::string> Head() const;
  // The first signed head of at least `size` entries; the newest when there is none.
  absl::StatusOr<SignedHead> HeadFrom(int64_t size) const;

 private:
  Ledger(storage::Database& database, NoteSigner signer, storage::Statement append,
         storage::Statement append_many)
      : database_(&database),
        signer_(std::move(signer)),
        append_(std::move(append)),
        append_many_(std::move(append_many)) {}
  absl::Status WritePending();

  storage::Database* database_;
  NoteSigner signer_;
  storage::Statement append_;
  storage::Statement append_many_;
  std::vector<log::EncodedEntry> pending_;  // the newest entries, appended and not written
  replay::LedgerState state_;
};

}  // namespace pinhole::vault
