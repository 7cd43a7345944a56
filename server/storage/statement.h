// A prepared statement: bind, step, read columns by type.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"

struct sqlite3_stmt;

namespace pinhole::storage {

namespace internal {
class Connection;
}

// What a value of a result is, as it is stored.
enum class ValueType { kNull, kInteger, kReal, kText, kBlob };

// Made by Database::Prepare. Moves, never copies; the thread rule is the database's.
//
//   ASSIGN_OR_RETURN(Statement find, database.Prepare("SELECT name FROM team WHERE id = ?1"));
//   find.BindInt64(1, id);
//   ASSIGN_OR_RETURN(const bool found, find.Step());
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1, as ?1 in SQL; bytes are copied. A bad index is remembered and returned
  // by the next Step.
  Statement& BindInt64(int index, int64_t value);
  Statement& BindDouble(int index, double value);
  Statement& BindText(int index, std::string_view value);
  Statement& BindBlob(int index, ByteView value);
  // Not copied: the bytes must stay until the statement was run and bound anew, or Reset.
  Statement& BindBlobView(int index, ByteView value);
  Statement& BindNull(int index);

  // True: a row is there to read. False: done; the statement is reset and its values stay bound.
  // Errors: FAILED_PRECONDITION for a write outside a Transaction; else as the connection says
  // (UNAVAILABLE busy, ALREADY_EXISTS repeated key, FAILED_PRECONDITION other constraint …).
  absl::StatusOr<bool> Step();

  // Steps to the end, ignoring rows, and resets, so that it can be bound and run again.
  absl::Status Run();

  // Forgets the row and all bound values.
  void Reset();

  // Columns count from 0 and are read after a Step that returned true. NULL reads as 0 or empty; a
  // nullable column is asked by IsNull first. Views hold until the next call of Step, Run or Reset.
  bool IsNull(int column) const;
  ValueType Type(int column) const;  // to be asked before the value is read as another type
  int64_t Int64(int column) const;
  double Double(int column) const;
  std::string_view Text(int column) const;
  ByteView Blob(int column) const;

  // A blob of exactly N bytes. Errors: DATA_LOSS.
  template <size_t N>
  absl::StatusOr<std::array<uint8_t, N>> FixedBlob(int column) const {
    const ByteView blob = Blob(column);
    if (blob.size() != N) {
      return absl::DataLossError(absl::StrFormat("column %d of \"%s\" has %d bytes, not %d", column,
                                                 Sql(), blob.size(), N));
    }
    std::array<uint8_t, N> bytes;
    for (size_t i = 0; i < N; ++i) bytes[i] = blob[i];
    return bytes;
  }

 private:
  friend class Database;
  static absl::StatusOr<Statement> Make(std::shared_ptr<internal::Connection> connection,
                                        std::string_view sql);
  // Prepares the first of several; `used` becomes the length of its text.
  static absl::StatusOr<Statement> MakeFirst(std::shared_ptr<internal::Connection> connection,
                                             std::string_view sql, size_t& used);
  Statement(std::shared_ptr<internal::Connection> connection, sqlite3_stmt* raw);

  std::string Sql() const;
  void Remember(int code);

  std::shared_ptr<internal::Connection> connection_;
  sqlite3_stmt* raw_;
  absl::Status bind_status_;
};

}  // namespace pinhole::storage
