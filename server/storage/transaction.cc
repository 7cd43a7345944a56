#include "server/storage/transaction.h"

#include <utility>

#include "server/core/base/status.h"
#include "server/storage/connection.h"

namespace pinhole::storage {

absl::StatusOr<Transaction> Transaction::Begin(Database& database) {
  if (database.connection_->InTransaction()) {
    return absl::FailedPreconditionError("a transaction is already open on this connection");
  }
  RETURN_IF_ERROR(database.connection_->ControlTransaction("BEGIN IMMEDIATE"));
  return Transaction(database.connection_);
}

Transaction::Transaction(std::shared_ptr<internal::Connection> connection)
    : connection_(std::move(connection)),
      identity_(std::make_shared<const TransactionIdentity>()) {}

Transaction::~Transaction() { RollBack(); }

absl::Status Transaction::Commit(Logged logged) {
  if (logged.identity_ == nullptr || logged.identity_ != identity_) {
    RollBack();
    return absl::FailedPreconditionError(
        "the change was logged in another transaction; nothing of this one was kept");
  }
  return Finish();
}

absl::Status Transaction::CommitUnlogged() { return Finish(); }

absl::Status Transaction::Finish() {
  // SQLite ends a transaction by itself on some errors (full disk, I/O).
  if (connection_ == nullptr || !connection_->InTransaction()) {
    connection_.reset();
    return absl::FailedPreconditionError("the transaction is over");
  }
  absl::Status status = connection_->ControlTransaction("COMMIT");
  if (status.ok()) {
    connection_.reset();
  } else {
    RollBack();
  }
  return status;
}

void Transaction::RollBack() {
  const std::shared_ptr<internal::Connection> connection = std::exchange(connection_, nullptr);
  if (connection == nullptr || !connection->InTransaction()) return;
  // Fails only when nothing is open any more.
  connection->ControlTransaction("ROLLBACK").IgnoreError();
}

}  // namespace pinhole::storage
