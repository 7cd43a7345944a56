// A source as a typed table: which columns it has, of which types, and its rows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/contest/data_shape.h"
#include "server/dataset/column_data.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/records.h"

namespace pinhole::dataset {

// A source opened before its first row.
struct Source {
  std::unique_ptr<Records> records;
  std::vector<std::string> names;  // of the columns, in order
  // Columns that the source itself declares as text: no digits make a number of them.
  std::vector<bool> declared_text;
};

// Opens the CSV file, whose first record names the columns, or the table of the database.
// Errors: INVALID_ARGUMENT that says where and why; else the errno.
absl::StatusOr<Source> OpenSource(const TableSpec& spec);

// Columns of a table, in the source's order.
//
// A column that the spec declares has that type. Any other: i64 when every value is spelled as an
// integer, f64 when every value is a number, date when every value is a day YYYY-MM-DD, else str
// (number.h says what counts); a column without values is str. `untyped` is read as text whatever
// it holds. Reads the source once where anything is to be inferred.
// Errors: as OpenSource and Records::Next; INVALID_ARGUMENT for a declared column that is not
// there.
absl::StatusOr<std::vector<contest::Column>> ResolveColumns(
    const TableSpec& spec, std::optional<std::string_view> untyped);

// Appends a field of the current record to `data`, which has the column's type. Errors:
// INVALID_ARGUMENT that says where, for a value that is not of the type or lies outside the
// declared range.
absl::Status TakeValue(const Records& records, size_t field, const contest::Column& column,
                       ColumnData& data);

// The place of a column by name. Errors: INVALID_ARGUMENT naming table and column.
absl::StatusOr<size_t> IndexOf(const std::vector<contest::Column>& columns, std::string_view name,
                               const TableSpec& spec);

}  // namespace pinhole::dataset
