#include "server/storage/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_format.h"

namespace pinhole::storage::internal {
namespace {

// Those that only look.
constexpr std::array<std::string_view, 6> kReadingPragmas = {"table_info",        "table_list",
                                                             "quick_check",       "integrity_check",
                                                             "foreign_key_check", "journal_mode"};

absl::StatusCode CodeOf(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return absl::StatusCode::kAlreadyExists;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kNotFound;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kInternal;
  }
}

bool IsFullDisk(int error) { return error == ENOSPC || error == EDQUOT; }

// What the last call that failed on the log or journal said: SQLite forgets it for a sync inside
// COMMIT.
int JournalErrno(sqlite3* handle) {
  sqlite3_file* file = nullptr;
  int error = 0;
  if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                           static_cast<void*>(&file)) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr) {
    return 0;
  }
  const int code = file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  return code == SQLITE_OK ? error : 0;
}

}  // namespace

void Connection::LockDown() { sqlite3_set_authorizer(handle_, &Connection::Authorize, this); }

absl::Status Connection::ControlTransaction(const char* sql) {
  controlling_transaction_ = true;
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  controlling_transaction_ = false;
  if (code != SQLITE_OK) return ErrorStatus(code, sql);
  return absl::OkStatus();
}

int Connection::Authorize(void* self, int action, const char* first, const char* second,
                          const char* /*database*/, const char* /*trigger*/) {
  switch (action) {
    case SQLITE_TRANSACTION:
      return static_cast<Connection*>(self)->controlling_transaction_ ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return SQLITE_DENY;
    case SQLITE_PRAGMA: {
      // journal_mode and its like are allowed without a value only.
      const bool table_argument =
          std::string_view(first) == "table_info" || std::string_view(first) == "table_list";
      if (second != nullptr && !table_argument) return SQLITE_DENY;
      const bool reads =
          std::ranges::find(kReadingPragmas, std::string_view(first)) != kReadingPragmas.end();
      return reads ? SQLITE_OK : SQLITE_DENY;
    }
    default:
      return SQLITE_OK;
  }
}

absl::Status Connection::ErrorStatus(int code, std::string_view doing) const {
  // A full disk where SQLite has no word of its own for it: a log that cannot be made or synced.
  const bool io = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const bool sync = sqlite3_extended_errcode(handle_) == SQLITE_IOERR_FSYNC;
  if (io &&
      (IsFullDisk(sqlite3_system_errno(handle_)) || (sync && IsFullDisk(JournalErrno(handle_))))) {
    return absl::ResourceExhaustedError(absl::StrFormat("%s: the disk is full", doing));
  }
  const int extended = sqlite3_extended_errcode(handle_);
  const bool same = (extended & 0xff) == (code & 0xff);
  return absl::Status(CodeOf(same ? extended : code),
                      absl::StrFormat("%s: %s", doing, sqlite3_errmsg(handle_)));
}

}  // namespace pinhole::storage::internal
