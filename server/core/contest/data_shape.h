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

// The types of MODEL.md's flat columns. kText is stored as offsets and bytes.
enum class ColumnType { kI8, kI16, kI32, kI64, kF32, kF64, kText };

std::string_view ColumnTypeName(ColumnType type);  // "i8" … "f64", "str"
absl::StatusOr<ColumnType> ParseColumnType(std::string_view name);

// A range the organizer declares in public, in millionths; both ends may occur.
struct PublicRange {
  int64_t low = 0;
  int64_t high = 0;
  bool operator==(const PublicRange&) const = default;
};

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
  bool operator==(const DataShape&) const = default;

  const Table* Find(std::string_view table) const;
};

// Errors: INVALID_ARGUMENT naming the table and column: bad or repeated names, no target, label
// missing or text.
absl::Status Validate(const DataShape& shape);

// One line without spaces:
// "ratings(userId:i64,movieId:i64,rating:f64[0.5..5]);movies(movieId:i64,title:str)".
std::string FormatTables(const DataShape& shape);

// Reads what FormatTables writes; `target` and `label` come separately and the whole is validated.
absl::StatusOr<DataShape> ParseShape(std::string_view tables, std::string_view target,
                                     std::string_view label);

}  // namespace pinhole::contest
