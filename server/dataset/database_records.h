// The rows of a table of an SQLite database as records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/dataset/records.h"
#include "server/storage/database.h"

namespace pinhole::dataset {

// Reads a table that nobody writes meanwhile, in the order of its rowids (of its primary key, where
// it is WITHOUT ROWID); memory is a row and SQLite's page cache of 2 MB. The file is opened
// read-only and not locked, and no file appears beside it.
//
// A value is the text that a CSV file would hold: integers and reals in their shortest exact
// decimal form, reals with a fraction or exponent; NULL is missing. Generated and hidden columns
// are not read.
//
// Refused: a database with a write-ahead log or a rollback journal beside it, whose rows may not be
// in the file yet; a view or virtual table; a blob; a text with a NUL or that is not UTF-8; a real
// that is infinite. Moves, never copies; not thread-safe.
class DatabaseRecords final : public Records {
 public:
  // Errors: NOT_FOUND without the file; INVALID_ARGUMENT for what is refused and for a table that
  // is not there, which lists the tables that are; DATA_LOSS for what is no database.
  static absl::StatusOr<DatabaseRecords> Open(const std::string& path, const std::string& table);

  const std::vector<std::string>& names() const { return names_; }
  // Columns declared with TEXT affinity (sqlite.org/datatype3.html, section 3.1).
  const std::vector<bool>& declared_text() const { return declared_text_; }

  // Errors: "<file>: table "<t>", rowid <n>, column "<c>": <reason>"; without rowids "row <n>",
  // counted from 1.
  absl::StatusOr<bool> Next() override;

  size_t field_count() const override { return names_.size(); }
  std::string_view Field(size_t index) const override { return fields_[index]; }
  bool IsMissing(size_t index) const override { return missing_[index]; }
  absl::Status ErrorAt(size_t index, std::string_view reason) const override;

 private:
  struct Table {
    std::string name;
    std::vector<std::string> columns;
    std::vector<bool> text;
    std::string rowid;  // how its rowid is called; empty without
  };
  static absl::StatusOr<Table> Describe(storage::Database& database, const std::string& path,
                                        const std::string& table);

  DatabaseRecords(std::string path, Table table, storage::Database database,
                  storage::Statement select);

  absl::Status TakeField(size_t index);
  int Place(size_t index) const { return static_cast<int>(index) + (rowid_ ? 1 : 0); }

  std::string path_;
  std::string table_;
  std::vector<std::string> names_;
  std::vector<bool> declared_text_;
  bool rowid_;  // the first result column
  storage::Database database_;
  storage::Statement select_;
  int64_t row_ = 0;  // the rowid, or the number of the row
  std::vector<std::string> fields_;
  std::vector<bool> missing_;
};

}  // namespace pinhole::dataset
