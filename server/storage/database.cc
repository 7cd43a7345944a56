#include "server/storage/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/storage/connection.h"
#include "server/storage/rewrite_log.h"
#include "server/system/files.h"

namespace pinhole::storage {
namespace {

using internal::Connection;

constexpr int kBusyTimeoutMs = 5000;
constexpr int kCheckpointPages = 1000;  // as SQLite begins with

absl::Status CheckName(const std::string& path) {
  // Debian's SQLite parses a name that starts with "file:" as a URI, options and all.
  if (path.empty() || path.starts_with(":") || path.starts_with("file:")) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "\"%s\" is not the name of a database file; write ./%s if it is", path, path));
  }
  return absl::OkStatus();
}

std::string ImmutableUri(std::string_view path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += absl::StrFormat("%%%02x", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

absl::Status PrepareFile(const std::string& path, Mode mode) {
  switch (mode) {
    case Mode::kCreate:
    case Mode::kBuild:
      return CreateForWrite(path, 0600).status();
    case Mode::kOpenOrCreate: {
      const absl::Status created = CreateForWrite(path, 0600).status();
      return absl::IsAlreadyExists(created) ? absl::OkStatus() : created;
    }
    case Mode::kExisting:
    case Mode::kReadOnlyImmutable:
      return OpenForRead(path).status();
  }
  return absl::InternalError("unknown mode");
}

// The value of the one row of a PRAGMA.
absl::StatusOr<std::string> ReadPragma(const Connection& connection, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(connection.handle(), sql, -1, &raw, nullptr);
  std::string value;
  if (code == SQLITE_OK) {
    code = sqlite3_step(raw);
    if (code == SQLITE_ROW) value = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
  }
  sqlite3_finalize(raw);
  if (code != SQLITE_ROW) return connection.ErrorStatus(code, sql);
  return value;
}

absl::Status Configure(Connection& connection, Mode mode) {
  sqlite3* const handle = connection.handle();
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  struct Setting {
    int name;
    int value;
  };
  for (const Setting& setting :
       {Setting{SQLITE_DBCONFIG_DEFENSIVE, mode == Mode::kBuild ? 0 : 1},
        Setting{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, Setting{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        Setting{SQLITE_DBCONFIG_DQS_DDL, 0}, Setting{SQLITE_DBCONFIG_DQS_DML, 0},
        Setting{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}}) {
    int now = -1;
    const int code = sqlite3_db_config(handle, setting.name, setting.value, &now);
    if (code != SQLITE_OK || now != setting.value) {
      return absl::InternalError(
          absl::StrFormat("SQLite does not take setting %d of sqlite3_db_config", setting.name));
    }
  }
  const char* wanted = mode == Mode::kBuild ? "off" : "wal";
  if (mode == Mode::kReadOnlyImmutable) {
    // The first read shows whether it is a database at all.
    return ReadPragma(connection, "PRAGMA schema_version").status();
  }
  ASSIGN_OR_RETURN(const std::string journal,
                   ReadPragma(connection, mode == Mode::kBuild ? "PRAGMA journal_mode=OFF"
                                                               : "PRAGMA journal_mode=WAL"));
  if (journal != wanted) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the journal mode is \"%s\", not \"%s\"; the file system may lack shared memory", journal,
        wanted));
  }
  const char* rest = mode == Mode::kBuild ? "PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE"
                                          : "PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON; "
                                            "PRAGMA cache_size=-32768";
  const int code = sqlite3_exec(handle, rest, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return connection.ErrorStatus(code, "set up");
  return absl::OkStatus();
}

// With what was being done, and a word on the one error that needs it.
absl::Status Explained(const absl::Status& status, const std::string& doing) {
  if (absl::IsNotFound(status)) {
    return absl::UnavailableError(absl::StrFormat(
        "%s: SQLite cannot make its files beside it: is the disk full, or the folder another's?",
        doing));
  }
  return absl::Status(status.code(), absl::StrFormat("%s: %s", doing, status.message()));
}

}  // namespace

absl::StatusOr<Database> Database::Open(const std::string& path, Mode mode) {
  RETURN_IF_ERROR(CheckName(path));
  RETURN_IF_ERROR(PrepareFile(path, mode));
  const std::string doing = absl::StrFormat("open the database %s", path);
  if (mode == Mode::kExisting || mode == Mode::kOpenOrCreate) {
    const absl::Status durable = internal::RewriteLog(path);
    if (!durable.ok()) return Explained(durable, doing);
  }
  const bool immutable = mode == Mode::kReadOnlyImmutable;
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (immutable ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(immutable ? ImmutableUri(path).c_str() : path.c_str(), &handle,
                                   flags, nullptr);
  if (handle == nullptr) return absl::ResourceExhaustedError("SQLite has no memory");
  auto connection = std::make_shared<Connection>(handle);
  if (code != SQLITE_OK) return connection->ErrorStatus(code, doing);
  if (const absl::Status set_up = Configure(*connection, mode); !set_up.ok())
    return Explained(set_up, doing);
  connection->LockDown();
  return Database(std::move(connection));
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  return Statement::Make(connection_, sql);
}

absl::Status Database::Execute(std::string_view sql) {
  while (true) {
    const size_t start = sql.find_first_not_of(" \t\r\n;");
    if (start == std::string_view::npos) return absl::OkStatus();
    sql.remove_prefix(start);
    size_t used = 0;
    ASSIGN_OR_RETURN(Statement statement, Statement::MakeFirst(connection_, sql, used));
    RETURN_IF_ERROR(statement.Run());
    sql.remove_prefix(used);
  }
}

void Database::HoldCheckpoints() { sqlite3_wal_autocheckpoint(connection_->handle(), 0); }

absl::Status Database::Checkpoint() {
  sqlite3_wal_autocheckpoint(connection_->handle(), kCheckpointPages);
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), "main",
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  absl::Status status = connection_->ErrorStatus(code, "checkpoint");
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) return absl::OkStatus();
  return status;
}

int64_t Database::changes() const { return sqlite3_changes64(connection_->handle()); }

int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(connection_->handle());
}

}  // namespace pinhole::storage
