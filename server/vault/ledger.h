// The ledger in the vault's database: the one writer of entries and of signed heads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/log/blinding.h"
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

  // What blinds the entries of an exchange of this contest (core/log/blinding.h).
  absl::StatusOr<log::Blinder> BlinderOf(const replay::Contest& contest, int64_t round) const;
  // The end of a contest's chain of blinding values: the ledger's key knows it, and nobody else.
  // `start` is the START that begins the chain; none: POLICY.
  absl::StatusOr<Digest> BlindingSecret(std::string_view contest,
                                        const std::optional<log::Nonce>& start) const;

  // Signs the head that covers all appended entries; with it the transaction can be committed.
  absl::StatusOr<storage::Logged> Seal(storage::Transaction& transaction);

  // Forgets what was appended since the last commit: call after a transaction did not commit.
  absl::Status Reload();

  // At most `count` entries from `first` on.
  absl::StatusOr<std::vector<std::string>> Entries(int64_t first, int64_t count) const;
  // The newest signed head; empty before the first.
  absl::StatusOr<std::string> Head() const;
  // Of the heads that may leave: the first of at least `size` entries; the newest when there is
  // none.
  absl::StatusOr<SignedHead> HeadFrom(int64_t size) const;

  // Entries that may leave: those under the newest head that as many witnesses cosigned as its
  // POLICY asks for; all when it asks for none.
  int64_t released_size() const { return released_size_; }
  // Takes a witness's signature line for the newest head, on its own transaction. One that is of no
  // use is dropped: of another head, by nobody whom POLICY names, by one who signed already.
  // Errors: the database's.
  absl::Status TakeCosignature(std::string_view line);

 private:
  Ledger(storage::Database& database, NoteSigner signer, storage::Statement append,
         storage::Statement append_many)
      : database_(&database),
        signer_(std::move(signer)),
        append_(std::move(append)),
        append_many_(std::move(append_many)) {}
  absl::Status WritePending();
  absl::Status ReadReleased();

  storage::Database* database_;
  NoteSigner signer_;
  storage::Statement append_;
  storage::Statement append_many_;
  std::vector<log::EncodedEntry> pending_;  // the newest entries, appended and not written
  replay::LedgerState state_;
  int64_t released_size_ = 0;
};

}  // namespace pinhole::vault
