#include "server/dataset/source_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/dataset/number.h"

namespace pinhole::dataset {
namespace {

using contest::Column;
using contest::ColumnType;

constexpr size_t kShownBytes = 40;

std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return absl::StrFormat("\"%s\"", text);
  return absl::StrFormat("\"%s…\"", text.substr(0, kShownBytes));
}

// The widest spelling seen in a column.
struct Inference {
  bool any_value = false;
  Spelling spelling = Spelling::kInteger;

  void See(std::string_view text) {
    any_value = true;
    if (spelling != Spelling::kText) spelling = std::max(spelling, SpellingOf(text));
  }
  ColumnType Type() const {
    if (!any_value || spelling == Spelling::kText) return ColumnType::kText;
    return spelling == Spelling::kInteger ? ColumnType::kI64 : ColumnType::kF64;
  }
};

absl::StatusOr<CsvReader> OpenAtHeader(const TableSpec& spec) {
  ASSIGN_OR_RETURN(CsvReader reader, CsvReader::Open(spec.file));
  ASSIGN_OR_RETURN(const bool header, reader.Next());
  if (!header) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s:1:1: the file is empty; its first line names the columns", spec.file));
  }
  return reader;
}

absl::Status CheckDeclared(const TableSpec& spec, const std::vector<Column>& columns) {
  for (const auto& [name, declared] : spec.columns) {
    RETURN_IF_ERROR(IndexOf(columns, name, spec).status());
  }
  return absl::OkStatus();
}

absl::Status CheckRange(const CsvReader& reader, size_t field, const Column& column, double value) {
  const double low = static_cast<double>(column.range->low) / 1e6;
  const double high = static_cast<double>(column.range->high) / 1e6;
  if (value >= low && value <= high) return absl::OkStatus();
  return reader.ErrorAt(
      field, absl::StrFormat("%s lies outside the declared range %s..%s of \"%s\"",
                             Shown(reader.Field(field)), FormatMillionths(column.range->low),
                             FormatMillionths(column.range->high), column.name));
}

absl::Status TakeValue(const CsvReader& reader, size_t field, const Column& column,
                       ColumnData& data) {
  if (reader.IsMissing(field)) {
    data.AppendMissing();
    return absl::OkStatus();
  }
  const std::string_view text = reader.Field(field);
  if (column.type == ColumnType::kText) {
    data.AppendText(text);
    return absl::OkStatus();
  }
  std::optional<double> value;
  if (IsIntegerType(column.type)) {
    const std::optional<int64_t> integer = ParseIntegerAs(column.type, text);
    if (integer.has_value()) {
      value = static_cast<double>(*integer);
      data.AppendInteger(*integer);
    }
  } else {
    value = ParseReal(text);
    const bool fits = column.type != ColumnType::kF32 ||
                      std::abs(value.value_or(0)) <= std::numeric_limits<float>::max();
    if (!fits) value.reset();
    if (value.has_value()) data.AppendReal(*value);
  }
  if (!value.has_value()) {
    return reader.ErrorAt(field,
                          absl::StrFormat("%s is not an %s, the type of \"%s\"", Shown(text),
                                          contest::ColumnTypeName(column.type), column.name));
  }
  if (column.range.has_value()) return CheckRange(reader, field, column, *value);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<size_t> IndexOf(const std::vector<Column>& columns, std::string_view name,
                               const TableSpec& spec) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return i;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("%s:1:1: table \"%s\" has no column \"%s\"", spec.file, spec.name, name));
}

absl::StatusOr<std::vector<Column>> ResolveColumns(const TableSpec& spec,
                                                   std::optional<std::string_view> untyped) {
  ASSIGN_OR_RETURN(CsvReader reader, OpenAtHeader(spec));
  std::vector<Column> columns;
  std::vector<size_t> to_infer;
  for (size_t i = 0; i < reader.field_count(); ++i) {
    Column column{.name = std::string(reader.Field(i)), .type = ColumnType::kText, .range = {}};
    const auto declared = spec.columns.find(column.name);
    if (declared != spec.columns.end()) {
      column.type = declared->second.type;
      column.range = declared->second.range;
    } else if (column.name != untyped) {
      to_infer.push_back(i);
    }
    columns.push_back(std::move(column));
  }
  RETURN_IF_ERROR(CheckDeclared(spec, columns));

  std::vector<Inference> inferences(columns.size());
  while (!to_infer.empty()) {
    ASSIGN_OR_RETURN(const bool record, reader.Next());
    if (!record) break;
    for (const size_t i : to_infer) {
      if (!reader.IsMissing(i)) inferences[i].See(reader.Field(i));
    }
  }
  for (const size_t i : to_infer) columns[i].type = inferences[i].Type();
  return columns;
}

absl::StatusOr<SourceRows> LoadRows(const TableSpec& spec, const std::vector<Column>& columns,
                                    std::optional<std::string_view> skipped,
                                    absl::FunctionRef<absl::Status(const CsvReader&)> visit) {
  ASSIGN_OR_RETURN(CsvReader reader, OpenAtHeader(spec));
  SourceRows rows;
  for (const Column& column : columns) {
    if (column.name == skipped) {
      rows.data.emplace_back();
    } else {
      rows.data.emplace_back(ColumnData(column.type));
    }
  }
  while (true) {
    ASSIGN_OR_RETURN(const bool record, reader.Next());
    if (!record) return rows;
    if (rows.rows == std::numeric_limits<uint32_t>::max()) {
      return reader.ErrorAt(0, "a table has at most 4,294,967,295 rows");
    }
    RETURN_IF_ERROR(visit(reader));
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!rows.data[i].has_value()) continue;
      RETURN_IF_ERROR(TakeValue(reader, i, columns[i], *rows.data[i]));
    }
    ++rows.rows;
  }
}

}  // namespace pinhole::dataset
