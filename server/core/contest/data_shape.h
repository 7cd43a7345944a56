// The declared shape of a data set: tables, columns, types and public ranges. Public: it stands in
// the DATASET entry, and mock data are invented from it alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pinhole::contest {

// kText lies in a flat column as offsets and bytes. kDate is a day: TEXT "YYYY-MM-DD" in a
// contest.db, an i32 of days since 1970-01-01 in a flat column.
enum class ColumnType { kI8, kI16, kI32, kI64, kF32, kF64, kText, kDate };

// i8 … f64: what a label or a weight can be.
bool IsNumber(ColumnType type);

std::string_view ColumnTypeName(ColumnType type);  // "i8" … "f64", "str", "date"
absl::StatusOr<ColumnType> ParseColumnType(std::string_view name);

// A range the organizer declares in public, in millionths (of a day since 1970-01-01 for kDate);
// both ends may occur.
struct PublicRange {
  int64_t low = 0;
  int64_t high = 0;
  bool operator==(const PublicRange&) const = default;
};

// "0.5..5" or, of a date, "2020-01-01..2020-12-31". Errors: INVALID_ARGUMENT for another text, ends
// in the wrong order, and for kText, which has no range.
absl::StatusOr<PublicRange> ParseRange(ColumnType type, std::string_view text);
// One end of it: "0.5" or "2020-01-01".
std::string FormatRangeEnd(ColumnType type, int64_t end);
std::string FormatRange(ColumnType type, const PublicRange& range);

struct Column {
  std::string name;  // [A-Za-z_][A-Za-z0-9_]{0,62}
  ColumnType type = ColumnType::kI64;
  std::optional<PublicRange> range;  // never for kText
  bool operator==(const Column&) const = default;
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  bool operator==(const Table&) const = default;
};

// Tables in the order of import. The target table holds the label column; training rows keep its
// name in the view, rows to predict are the view's table `predict`. The split column of the source
// is not part of the shape.
struct DataShape {
  std::vector<Table> tables;
  std::string target;  // name of a table
  std::string label;   // name of a numeric column of it
  // Name of another numeric column of the target: how much a scored row counts. It stays with the
  // training rows and is not in `predict`. Empty: all count the same.
  std::string weight;
  bool operator==(const DataShape&) const = default;

  const Table* Find(std::string_view table) const;
};

// Errors: INVALID_ARGUMENT naming the table and column: bad or repeated names, no target, label or
// weight missing, no number column, or the same.
absl::Status Validate(const DataShape& shape);

// One line without spaces:
// "ratings(userId:i64,movieId:i64,rating:f64[0.5..5]);movies(movieId:i64,title:str)".
std::string FormatTables(const DataShape& shape);

// Reads what FormatTables writes; the names come separately and the whole is validated.
absl::StatusOr<DataShape> ParseShape(std::string_view tables, std::string_view target,
                                     std::string_view label, std::string_view weight = {});

}  // namespace pinhole::contest
