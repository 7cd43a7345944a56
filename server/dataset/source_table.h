// A source CSV file as typed columns: which types it has, and its rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "server/core/contest/data_shape.h"
#include "server/dataset/column_data.h"
#include "server/dataset/csv.h"
#include "server/dataset/import_spec.h"

namespace pinhole::dataset {

// Columns of a file, in its order; the header is its first record.
//
// A column that the spec declares has that type. Any other: i64 when every value is spelled as an
// integer, f64 when every value is a number, else str (number.h says what counts); a column
// without values is str. `untyped` is read as text whatever it holds.
// Errors: INVALID_ARGUMENT with file and line for malformed CSV or a bad header, and for a declared
// column that the file does not have.
absl::StatusOr<std::vector<contest::Column>> ResolveColumns(
    const TableSpec& spec, std::optional<std::string_view> untyped);

// Rows of a file. `data` has one for each of `columns` but those that are `skipped`, which is
// empty.
struct SourceRows {
  std::vector<std::optional<ColumnData>> data;
  uint32_t rows = 0;
};

// Reads all rows into memory, packed by type. `visit` sees each record before it is taken, to read
// what the columns do not keep. Errors: INVALID_ARGUMENT with file, line and column for a value
// that is not of its column's type or lies outside the declared range; what `visit` returns.
absl::StatusOr<SourceRows> LoadRows(const TableSpec& spec,
                                    const std::vector<contest::Column>& columns,
                                    std::optional<std::string_view> skipped,
                                    absl::FunctionRef<absl::Status(const CsvReader&)> visit);

// The place of a column by name. Errors: INVALID_ARGUMENT naming table and column.
absl::StatusOr<size_t> IndexOf(const std::vector<contest::Column>& columns, std::string_view name,
                               const TableSpec& spec);

}  // namespace pinhole::dataset
