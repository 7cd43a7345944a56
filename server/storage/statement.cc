#include "server/storage/statement.h"

#include <sqlite3.h>

#include <utility>

#include "server/core/base/status.h"
#include "server/storage/connection.h"

namespace pinhole::storage {

absl::StatusOr<Statement> Statement::MakeFirst(std::shared_ptr<internal::Connection> connection,
                                               std::string_view sql, size_t& used) {
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code =
      sqlite3_prepare_v3(connection->handle(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  if (code != SQLITE_OK) {
    return connection->ErrorStatus(code, absl::StrFormat("prepare \"%s\"", sql));
  }
  used = static_cast<size_t>(tail - sql.data());
  return Statement(std::move(connection), raw);
}

absl::StatusOr<Statement> Statement::Make(std::shared_ptr<internal::Connection> connection,
                                          std::string_view sql) {
  size_t used = 0;
  ASSIGN_OR_RETURN(Statement statement, MakeFirst(std::move(connection), sql, used));
  const bool more = sql.find_first_not_of(" \t\r\n;", used) != std::string_view::npos;
  if (statement.raw_ == nullptr || more) {
    return absl::InternalError(absl::StrFormat("\"%s\" is not exactly one statement", sql));
  }
  return statement;
}

Statement::Statement(std::shared_ptr<internal::Connection> connection, sqlite3_stmt* raw)
    : connection_(std::move(connection)), raw_(raw) {}

Statement::Statement(Statement&& other) noexcept
    : connection_(std::move(other.connection_)),
      raw_(std::exchange(other.raw_, nullptr)),
      bind_status_(std::move(other.bind_status_)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(raw_, other.raw_);
  std::swap(bind_status_, other.bind_status_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(raw_); }

void Statement::Remember(int code) {
  if (code != SQLITE_OK && bind_status_.ok()) {
    bind_status_ = absl::InternalError(
        absl::StrFormat("bind a parameter of \"%s\": %s", Sql(), sqlite3_errstr(code)));
  }
}

Statement& Statement::BindInt64(int index, int64_t value) {
  Remember(sqlite3_bind_int64(raw_, index, value));
  return *this;
}

Statement& Statement::BindDouble(int index, double value) {
  Remember(sqlite3_bind_double(raw_, index, value));
  return *this;
}

Statement& Statement::BindText(int index, std::string_view value) {
  // A null pointer would bind NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  Remember(sqlite3_bind_text64(raw_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindBlob(int index, ByteView value) {
  const void* data = value.data() == nullptr ? static_cast<const void*>("") : value.data();
  Remember(sqlite3_bind_blob64(raw_, index, data, value.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::BindBlobView(int index, ByteView value) {
  const void* data = value.data() == nullptr ? static_cast<const void*>("") : value.data();
  Remember(sqlite3_bind_blob64(raw_, index, data, value.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::BindNull(int index) {
  Remember(sqlite3_bind_null(raw_, index));
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  RETURN_IF_ERROR(bind_status_);
  if (sqlite3_stmt_readonly(raw_) == 0 && !connection_->InTransaction()) {
    return absl::FailedPreconditionError(
        absl::StrFormat("\"%s\" writes outside a transaction", Sql()));
  }
  const int code = sqlite3_step(raw_);
  if (code == SQLITE_ROW) return true;
  absl::Status status;
  if (code != SQLITE_DONE) status = connection_->ErrorStatus(code, Sql());
  sqlite3_reset(raw_);
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  if (raw_ == nullptr) return absl::OkStatus();  // only a comment
  while (true) {
    ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

void Statement::Reset() {
  sqlite3_reset(raw_);
  sqlite3_clear_bindings(raw_);
  bind_status_ = absl::OkStatus();
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(raw_, column) == SQLITE_NULL;
}

ValueType Statement::Type(int column) const {
  switch (sqlite3_column_type(raw_, column)) {
    case SQLITE_INTEGER:
      return ValueType::kInteger;
    case SQLITE_FLOAT:
      return ValueType::kReal;
    case SQLITE_TEXT:
      return ValueType::kText;
    case SQLITE_BLOB:
      return ValueType::kBlob;
    default:
      return ValueType::kNull;
  }
}

int64_t Statement::Int64(int column) const { return sqlite3_column_int64(raw_, column); }

double Statement::Double(int column) const { return sqlite3_column_double(raw_, column); }

std::string_view Statement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(raw_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(raw_, column))};
}

ByteView Statement::Blob(int column) const {
  const void* blob = sqlite3_column_blob(raw_, column);
  if (blob == nullptr) return {};
  return {static_cast<const uint8_t*>(blob),
          static_cast<size_t>(sqlite3_column_bytes(raw_, column))};
}

std::string Statement::Sql() const {
  const char* sql = sqlite3_sql(raw_);
  return sql == nullptr ? "" : sql;
}

}  // namespace pinhole::storage
