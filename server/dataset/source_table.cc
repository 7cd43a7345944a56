#include "server/dataset/source_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/date.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/dataset/csv.h"
#include "server/dataset/database_records.h"
#include "server/dataset/number.h"

namespace pinhole::dataset {
namespace {

using contest::Column;
using contest::ColumnType;

constexpr size_t kShownBytes = 40;

std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return absl::StrFormat("\"%s\"", text);
  size_t cut = kShownBytes;  // not inside a character
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return absl::StrFormat("\"%s…\"", text.substr(0, cut));
}

// The widest spelling seen in a column.
class Inference {
 public:
  explicit Inference(bool declared_text)
      : spelling_(declared_text ? Spelling::kText : Spelling::kInteger) {}

  void See(std::string_view text) {
    any_value_ = true;
    if (dates_) dates_ = ParseDate(text).has_value();
    if (spelling_ != Spelling::kText) spelling_ = std::max(spelling_, SpellingOf(text));
  }
  ColumnType Type() const {
    if (!any_value_) return ColumnType::kText;
    if (dates_) return ColumnType::kDate;
    if (spelling_ == Spelling::kText) return ColumnType::kText;
    return spelling_ == Spelling::kInteger ? ColumnType::kI64 : ColumnType::kF64;
  }

 private:
  bool any_value_ = false;
  bool dates_ = true;  // every value so far is one
  Spelling spelling_;
};

absl::Status CheckRange(const Records& records, size_t field, const Column& column, double value) {
  const double low = static_cast<double>(column.range->low) / 1e6;
  const double high = static_cast<double>(column.range->high) / 1e6;
  if (value >= low && value <= high) return absl::OkStatus();
  return records.ErrorAt(
      field, absl::StrFormat("%s lies outside the declared range %s of \"%s\"",
                             Shown(records.Field(field)),
                             contest::FormatRange(column.type, *column.range), column.name));
}

// The number that `text` is in a column of the type, appended; nothing when it is none.
std::optional<double> TakeNumber(ColumnType type, std::string_view text, ColumnData& data) {
  if (IsIntegerType(type)) {
    const std::optional<int64_t> integer = ParseIntegerAs(type, text);
    if (!integer.has_value()) return std::nullopt;
    data.AppendInteger(*integer);
    return static_cast<double>(*integer);
  }
  if (type == ColumnType::kDate) {
    const std::optional<int32_t> day = ParseDate(text);
    if (!day.has_value()) return std::nullopt;
    data.AppendInteger(*day);
    return static_cast<double>(*day);
  }
  const std::optional<double> real = ParseReal(text);
  if (!real.has_value()) return std::nullopt;
  if (type == ColumnType::kF32 && std::abs(*real) > std::numeric_limits<float>::max()) {
    return std::nullopt;
  }
  data.AppendReal(*real);
  return real;
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

absl::StatusOr<Source> OpenSource(const TableSpec& spec) {
  Source source;
  if (spec.database_table.has_value()) {
    ASSIGN_OR_RETURN(DatabaseRecords records,
                     DatabaseRecords::Open(spec.file, *spec.database_table));
    source.names = records.names();
    source.declared_text = records.declared_text();
    source.records = std::make_unique<DatabaseRecords>(std::move(records));
    return source;
  }
  ASSIGN_OR_RETURN(CsvReader reader, CsvReader::Open(spec.file));
  ASSIGN_OR_RETURN(const bool header, reader.Next());
  if (!header) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s:1:1: the file is empty; its first line names the columns", spec.file));
  }
  for (size_t i = 0; i < reader.field_count(); ++i) source.names.emplace_back(reader.Field(i));
  source.declared_text.resize(source.names.size());
  source.records = std::make_unique<CsvReader>(std::move(reader));
  return source;
}

absl::StatusOr<std::vector<Column>> ResolveColumns(const TableSpec& spec,
                                                   std::optional<std::string_view> untyped) {
  ASSIGN_OR_RETURN(const Source source, OpenSource(spec));
  std::vector<Column> columns;
  std::vector<std::pair<size_t, Inference>> to_infer;
  for (size_t i = 0; i < source.names.size(); ++i) {
    Column column{.name = source.names[i], .type = ColumnType::kText, .range = {}};
    const auto declared = spec.columns.find(column.name);
    if (declared != spec.columns.end()) {
      column.type = declared->second.type;
      column.range = declared->second.range;
    } else if (column.name != untyped) {
      to_infer.emplace_back(i, Inference(source.declared_text[i]));
    }
    columns.push_back(std::move(column));
  }
  for (const auto& [name, declared] : spec.columns) {
    RETURN_IF_ERROR(IndexOf(columns, name, spec).status());
  }
  while (!to_infer.empty()) {
    ASSIGN_OR_RETURN(const bool record, source.records->Next());
    if (!record) break;
    for (auto& [i, inference] : to_infer) {
      if (!source.records->IsMissing(i)) inference.See(source.records->Field(i));
    }
  }
  for (const auto& [i, inference] : to_infer) columns[i].type = inference.Type();
  return columns;
}

absl::Status TakeValue(const Records& records, size_t field, const Column& column,
                       ColumnData& data) {
  if (records.IsMissing(field)) {
    data.AppendMissing();
    return absl::OkStatus();
  }
  const std::string_view text = records.Field(field);
  if (column.type == ColumnType::kText) {
    data.AppendText(text);
    return absl::OkStatus();
  }
  const std::optional<double> value = TakeNumber(column.type, text, data);
  if (!value.has_value()) {
    const std::string_view type = contest::ColumnTypeName(column.type);
    return records.ErrorAt(
        field, column.type == ColumnType::kDate
                   ? absl::StrFormat("%s is not a day YYYY-MM-DD, as \"%s\" holds", Shown(text),
                                     column.name)
                   : absl::StrFormat("%s is not an %s, the type of \"%s\"", Shown(text), type,
                                     column.name));
  }
  if (column.range.has_value()) return CheckRange(records, field, column, *value);
  return absl::OkStatus();
}

}  // namespace pinhole::dataset
