// Internal to server/storage: one SQLite connection with the rule that only Transaction begins and
// ends transactions.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string_view>

#include "absl/status/status.h"

namespace pinhole::storage::internal {

// Shared by a Database and what it made, so that the connection outlives every user of it.
class Connection {
 public:
  // Takes the handle; sqlite3_close_v2 ends it.
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { sqlite3_close_v2(handle_); }

  sqlite3* handle() const { return handle_; }

  // From here on statements may read and write tables, and nothing else: no transaction control, no
  // ATTACH, no PRAGMA that sets.
  void LockDown();

  // BEGIN, COMMIT or ROLLBACK, the one way past LockDown.
  absl::Status ControlTransaction(const char* sql);

  bool InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

  // `code` and the connection's message as a status: BUSY and LOCKED are UNAVAILABLE; a repeated
  // key is ALREADY_EXISTS; another broken constraint FAILED_PRECONDITION; a damaged file DATA_LOSS;
  // a full disk RESOURCE_EXHAUSTED. The text never holds a bound value.
  absl::Status ErrorStatus(int code, std::string_view doing) const;

 private:
  static int Authorize(void* self, int action, const char* first, const char* second,
                       const char* database, const char* trigger);

  sqlite3* handle_;
  bool controlling_transaction_ = false;
};

}  // namespace pinhole::storage::internal
