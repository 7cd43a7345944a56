#include "server/core/contest/data_shape.h"

#include <array>
#include <set>

#include "absl/strings/str_format.h"
#include "server/core/base/date.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::contest {
namespace {

constexpr std::array<std::string_view, 8> kTypeNames = {"i8",  "i16", "i32", "i64",
                                                        "f32", "f64", "str", "date"};
constexpr int64_t kMillion = 1'000'000;

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 63 || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

// Takes the text up to `stop` off the front of `rest`. Errors: INVALID_ARGUMENT when there is no
// `stop`.
absl::StatusOr<std::string_view> TakeUntil(std::string_view& rest, char stop) {
  const size_t at = rest.find(stop);
  if (at == std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrFormat("the shape of the data lacks a '%c'", stop));
  }
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return taken;
}

absl::StatusOr<Column> ParseColumn(std::string_view text) {
  Column column;
  ASSIGN_OR_RETURN(const std::string_view name, TakeUntil(text, ':'));
  column.name = std::string(name);
  const size_t bracket = text.find('[');
  ASSIGN_OR_RETURN(column.type, ParseColumnType(text.substr(0, bracket)));
  if (bracket == std::string_view::npos) return column;
  std::string_view range = text.substr(bracket + 1);
  if (!range.ends_with(']')) return absl::InvalidArgumentError("the shape of the data lacks a ']'");
  range.remove_suffix(1);
  ASSIGN_OR_RETURN(column.range, ParseRange(column.type, range));
  return column;
}

absl::StatusOr<int64_t> ParseRangeEnd(ColumnType type, std::string_view text) {
  if (type != ColumnType::kDate) return ParseMillionths(text);
  const std::optional<int32_t> day = ParseDate(text);
  if (!day.has_value()) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is not a date YYYY-MM-DD", text));
  }
  return *day * kMillion;
}

bool IsDays(const PublicRange& range) {
  return range.low % kMillion == 0 && range.high % kMillion == 0 &&
         range.low >= kFirstDay * kMillion && range.high <= kLastDay * kMillion;
}

const Column* FindNumber(const Table& table, std::string_view name) {
  for (const Column& column : table.columns) {
    if (column.name == name && IsNumber(column.type)) return &column;
  }
  return nullptr;
}

}  // namespace

std::string_view ColumnTypeName(ColumnType type) { return kTypeNames[static_cast<size_t>(type)]; }

absl::StatusOr<ColumnType> ParseColumnType(std::string_view name) {
  for (size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == name) return static_cast<ColumnType>(i);
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "\"%s\" is not a column type; the types are i8 i16 i32 i64 f32 f64 str date", name));
}

bool IsNumber(ColumnType type) { return type != ColumnType::kText && type != ColumnType::kDate; }

absl::StatusOr<PublicRange> ParseRange(ColumnType type, std::string_view text) {
  if (type == ColumnType::kText) {
    return absl::InvalidArgumentError("a text column has no range");
  }
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    return absl::InvalidArgumentError("a range is written low..high");
  }
  PublicRange range;
  ASSIGN_OR_RETURN(range.low, ParseRangeEnd(type, text.substr(0, dots)));
  ASSIGN_OR_RETURN(range.high, ParseRangeEnd(type, text.substr(dots + 2)));
  if (range.low > range.high) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the range \"%s\" ends before it starts", text));
  }
  return range;
}

std::string FormatRangeEnd(ColumnType type, int64_t end) {
  if (type != ColumnType::kDate) return FormatMillionths(end);
  return FormatDate(static_cast<int32_t>(end / kMillion));
}

std::string FormatRange(ColumnType type, const PublicRange& range) {
  return FormatRangeEnd(type, range.low) + ".." + FormatRangeEnd(type, range.high);
}

const Table* DataShape::Find(std::string_view table) const {
  for (const Table& candidate : tables) {
    if (candidate.name == table) return &candidate;
  }
  return nullptr;
}

absl::Status Validate(const DataShape& shape) {
  std::set<std::string_view> table_names = {"predict"};
  for (const Table& table : shape.tables) {
    if (!IsName(table.name)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("\"%s\" is not a table name: use letters, digits and '_'", table.name));
    }
    if (!table_names.insert(table.name).second) {
      return absl::InvalidArgumentError(
          absl::StrFormat("table \"%s\" stands twice, or takes the name of the "
                          "table of rows to predict",
                          table.name));
    }
    if (table.columns.empty()) {
      return absl::InvalidArgumentError(absl::StrFormat("table \"%s\" has no column", table.name));
    }
    std::set<std::string_view> column_names = {"row"};
    for (const Column& column : table.columns) {
      if (!IsName(column.name) || !column_names.insert(column.name).second) {
        return absl::InvalidArgumentError(
            absl::StrFormat("table \"%s\": \"%s\" is no column name, is \"row\", or stands twice",
                            table.name, column.name));
      }
      if (column.range.has_value() &&
          (column.type == ColumnType::kText || column.range->low > column.range->high ||
           (column.type == ColumnType::kDate && !IsDays(*column.range)))) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "table \"%s\", column \"%s\": a range needs numbers or dates and low <= high",
            table.name, column.name));
      }
    }
  }
  const Table* target = shape.Find(shape.target);
  if (target == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the target table \"%s\" is not among the tables", shape.target));
  }
  if (FindNumber(*target, shape.label) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the label column \"%s\" is not a number column of table \"%s\"",
                        shape.label, shape.target));
  }
  if (shape.weight.empty()) return absl::OkStatus();
  if (shape.weight == shape.label || FindNumber(*target, shape.weight) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the weight column \"%s\" is the label, or not a number column of table "
                        "\"%s\"",
                        shape.weight, shape.target));
  }
  return absl::OkStatus();
}

std::string FormatTables(const DataShape& shape) {
  std::string out;
  for (const Table& table : shape.tables) {
    if (!out.empty()) out += ';';
    out += table.name + '(';
    for (const Column& column : table.columns) {
      if (out.back() != '(') out += ',';
      out += column.name + ':' + std::string(ColumnTypeName(column.type));
      if (column.range.has_value()) {
        out += '[' + FormatRange(column.type, *column.range) + ']';
      }
    }
    out += ')';
  }
  return out;
}

absl::StatusOr<DataShape> ParseShape(std::string_view tables, std::string_view target,
                                     std::string_view label, std::string_view weight) {
  DataShape shape{.tables = {},
                  .target = std::string(target),
                  .label = std::string(label),
                  .weight = std::string(weight)};
  while (!tables.empty()) {
    Table table;
    ASSIGN_OR_RETURN(const std::string_view name, TakeUntil(tables, '('));
    table.name = std::string(name);
    ASSIGN_OR_RETURN(std::string_view columns, TakeUntil(tables, ')'));
    while (!columns.empty()) {
      const size_t comma = columns.find(',');
      ASSIGN_OR_RETURN(Column column, ParseColumn(columns.substr(0, comma)));
      table.columns.push_back(std::move(column));
      columns = comma == std::string_view::npos ? "" : columns.substr(comma + 1);
    }
    shape.tables.push_back(std::move(table));
    if (!tables.empty()) {
      if (tables[0] != ';' || tables.size() == 1)
        return absl::InvalidArgumentError("tables are separated by ';'");
      tables.remove_prefix(1);
    }
  }
  RETURN_IF_ERROR(Validate(shape));
  return shape;
}

}  // namespace pinhole::contest
