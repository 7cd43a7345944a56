// A write transaction: rolls back unless it is committed, and a visible commit needs a Logged.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/database.h"
#include "server/storage/logged.h"

namespace pinhole::storage {

// BEGIN IMMEDIATE … COMMIT. Moves, never copies; the thread rule is the database's. One at a time
// on a connection.
class Transaction {
 public:
  // Errors: FAILED_PRECONDITION when one is open on this connection; UNAVAILABLE when another
  // connection writes for longer than the patience of the database.
  static absl::StatusOr<Transaction> Begin(Database& database);

  Transaction(Transaction&&) noexcept = default;
  Transaction& operator=(Transaction&&) = delete;
  // Rolls back what was not committed.
  ~Transaction();

  // Commits a change that somebody outside may come to see. `logged` is the ledger's word that the
  // entries for it were appended in this very transaction. Errors: FAILED_PRECONDITION for a
  // Logged of another transaction, or when this one is over; then, as after any failed commit,
  // everything is rolled back. After OK it is on the disk.
  absl::Status Commit(Logged logged);

  // Commits a step that nobody outside can see, such as claiming a run.
  absl::Status CommitUnlogged();

 private:
  friend class Logged;
  explicit Transaction(std::shared_ptr<internal::Connection> connection);
  absl::Status Finish();
  void RollBack();

  std::shared_ptr<internal::Connection> connection_;  // null once over or moved from
  std::shared_ptr<const TransactionIdentity> identity_;
};

}  // namespace pinhole::storage
