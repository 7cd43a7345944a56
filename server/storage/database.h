// SQLite, opened one way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/statement.h"

namespace pinhole::storage {

namespace internal {
class Connection;
}

enum class Mode {
  kCreate,        // a new file, mode 0600; ALREADY_EXISTS when there is one
  kExisting,      // NOT_FOUND when there is none: a mistyped path never makes an empty database
  kOpenOrCreate,  // either
  kReadOnlyImmutable,  // nobody writes it while it is open; no lock, no journal file beside it
  kBuild,  // a new file filled in one go: rollback format, no journal, no fsync. A crash
           // spoils it, so it is built under another name and synced before a rename
};

// One connection. kCreate, kExisting and kOpenOrCreate: WAL with synchronous=FULL (a commit that
// returned is on the disk), foreign keys on, 5 seconds of patience with another writer, and at most
// 32 MiB of pages in memory, so that a large transaction writes each page once. Always:
// trusted_schema off, defensive, no double-quoted strings, no extensions.
//
// After opening, statements read and write tables only: BEGIN, COMMIT, SAVEPOINT, ATTACH and
// PRAGMAs that set are refused with PERMISSION_DENIED, and a statement that writes outside a
// Transaction with FAILED_PRECONDITION. So nothing is committed but through Transaction.
//
// One thread at a time uses a Database and all that it made. Moves, never copies; statements and
// transactions may outlive it, but should not.
class Database {
 public:
  // Errors: INVALID_ARGUMENT for an empty name and for names that SQLite reads in its own way
  // ("file:…", ":memory:"); NOT_FOUND, ALREADY_EXISTS by mode; DATA_LOSS when it is no database.
  static absl::StatusOr<Database> Open(const std::string& path, Mode mode);

  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  // One statement, checked against the schema. Errors: INTERNAL for text that SQLite refuses, or
  // more than one statement.
  absl::StatusOr<Statement> Prepare(std::string_view sql);

  // Runs one or more statements without parameters or rows, inside the open Transaction.
  absl::Status Execute(std::string_view sql);

  // From here on no commit of this connection moves pages from the log into the file, which SQLite
  // else does in the commit that makes the log long.
  void HoldCheckpoints();
  // Ends that, and moves what no reader holds back. A full disk or a busy database is no error: the
  // log keeps its pages until the next time. Errors: DATA_LOSS, INTERNAL.
  absl::Status Checkpoint();

  // Rows that the last INSERT, UPDATE or DELETE changed itself: for compare-and-set.
  int64_t changes() const;
  int64_t last_insert_rowid() const;

 private:
  friend class Transaction;
  explicit Database(std::shared_ptr<internal::Connection> connection)
      : connection_(std::move(connection)) {}
  std::shared_ptr<internal::Connection> connection_;
};

}  // namespace pinhole::storage
