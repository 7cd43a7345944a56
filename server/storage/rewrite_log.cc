#include "server/storage/rewrite_log.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/base/status.h"
#include "server/storage/connection.h"

namespace pinhole::storage::internal {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr int64_t kPieceBytes = int64_t{1} << 16;  // SQLite's files take less than 128 KiB at once

bool HasLog(const std::string& path) {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  int found = 0;
  const int code =
      vfs->xAccess(vfs, (path + "-wal").c_str(), SQLITE_ACCESS_EXISTS, &found);  // not an empty one
  return code != SQLITE_OK || found != 0;
}

// SQLITE_OK or the first code of another.
int WriteAgain(sqlite3_file* log) {
  sqlite3_int64 size = 0;
  int code = log->pMethods->xFileSize(log, &size);
  std::vector<uint8_t> piece(static_cast<size_t>(std::min<int64_t>(size, kPieceBytes)));
  for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size; at += kPieceBytes) {
    const int bytes = static_cast<int>(std::min<int64_t>(size - at, kPieceBytes));
    code = log->pMethods->xRead(log, piece.data(), bytes, at);
    if (code == SQLITE_OK) code = log->pMethods->xWrite(log, piece.data(), bytes, at);
  }
  return code == SQLITE_OK ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) : code;
}

}  // namespace

absl::Status RewriteLog(const std::string& path) {
  if (!HasLog(path)) return absl::OkStatus();
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, nullptr);
  if (handle == nullptr) return absl::ResourceExhaustedError("SQLite has no memory");
  Connection connection(handle);
  if (opened != SQLITE_OK) return connection.ErrorStatus(opened, "read its log");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // Nothing of the log may come into the database's file before it is durable itself.
  const int held = sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (held != SQLITE_OK) return connection.ErrorStatus(held, "hold its log back");
  RETURN_IF_ERROR(connection.ControlTransaction("BEGIN IMMEDIATE"));
  sqlite3_file* log = nullptr;
  int code =
      sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  // A database without a log of this kind has a rollback journal there, which is not open.
  if (code == SQLITE_OK && log != nullptr && log->pMethods != nullptr) code = WriteAgain(log);
  if (code == SQLITE_OK) return connection.ControlTransaction("ROLLBACK");
  const std::string text = absl::StrCat("make its log durable: ", sqlite3_errstr(code));
  return code == SQLITE_FULL ? absl::ResourceExhaustedError(text) : absl::InternalError(text);
}

}  // namespace pinhole::storage::internal
