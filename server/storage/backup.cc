#include "server/storage/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/storage/connection.h"
#include "server/storage/database.h"
#include "server/storage/rewrite_log.h"
#include "server/system/files.h"

namespace pinhole::storage {
namespace {

using internal::Connection;

constexpr int kBusyTimeoutMs = 5000;

absl::Status Copy(Connection& from, Connection& to) {
  sqlite3_backup* const backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (backup == nullptr) return to.ErrorStatus(sqlite3_errcode(to.handle()), "begin the copy");
  // All pages in one step: one read transaction, so no write of another can begin it anew.
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return to.ErrorStatus(stepped, "copy the database");
  if (finished != SQLITE_OK) return to.ErrorStatus(finished, "end the copy");
  // A copy carries its log nowhere: the format without one beside it.
  const int code =
      sqlite3_exec(to.handle(), "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return to.ErrorStatus(code, "set the copy's journal mode");
  return absl::OkStatus();
}

absl::Status Sync(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.valid() || ::fsync(file.get()) != 0)
    return absl::ErrnoToStatus(errno, absl::StrFormat("fsync %s", path));
  return SyncDirectory(DirectoryOf(path));
}

absl::Status Check(const std::string& path) {
  ASSIGN_OR_RETURN(Database copy, Database::Open(path, Mode::kReadOnlyImmutable));
  ASSIGN_OR_RETURN(Statement check, copy.Prepare("PRAGMA quick_check"));
  ASSIGN_OR_RETURN(const bool row, check.Step());
  if (row && check.Text(0) == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrFormat("the copy %s is damaged, and so is its source", path));
}

absl::StatusOr<std::unique_ptr<Connection>> OpenRaw(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, nullptr);
  if (handle == nullptr) return absl::ResourceExhaustedError("SQLite has no memory");
  auto connection = std::make_unique<Connection>(handle);
  if (code != SQLITE_OK)
    return connection->ErrorStatus(code, absl::StrFormat("open the database %s", path));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return connection;
}

absl::Status CopyAndCheck(const std::string& from, const std::string& to) {
  {
    RETURN_IF_ERROR(internal::RewriteLog(from));
    ASSIGN_OR_RETURN(const std::unique_ptr<Connection> source, OpenRaw(from));
    ASSIGN_OR_RETURN(const std::unique_ptr<Connection> target, OpenRaw(to));
    RETURN_IF_ERROR(Copy(*source, *target));
  }
  RETURN_IF_ERROR(Sync(to));
  return Check(to);
}

}  // namespace

absl::Status CopyDatabase(const std::string& from, const std::string& to) {
  for (const std::string& path : {from, to}) {
    if (path.empty() || path.starts_with(":") || path.starts_with("file:"))
      return absl::InvalidArgumentError(
          absl::StrFormat("\"%s\" is not the name of a database file", path));
  }
  RETURN_IF_ERROR(OpenForRead(from).status());
  RETURN_IF_ERROR(CreateForWrite(to, 0600).status());
  absl::Status copied = CopyAndCheck(from, to);
  if (!copied.ok()) {
    for (const char* part : {"", "-journal", "-wal", "-shm"}) ::unlink((to + part).c_str());
  }
  return copied;
}

}  // namespace pinhole::storage
