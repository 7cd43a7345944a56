#include "server/dataset/view_writer.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/dataset/number.h"
#include "server/dataset/output_file.h"
#include "server/system/files.h"

namespace pinhole::dataset {
namespace {

using contest::ColumnType;
using storage::Statement;

constexpr mode_t kFolderMode = 0750;
constexpr mode_t kFileMode = 0640;

std::string_view SqlTypeOf(ColumnType type) {
  if (type == ColumnType::kText) return "TEXT";
  return IsRealType(type) ? "REAL" : "INTEGER";
}

// Names are letters, digits and '_' (contest::Validate), so quoting them is enough.
std::string CreateTableSql(const ViewTable& table) {
  std::string columns;
  if (table.row_numbers == RowNumbers::kFirstColumn) columns = "\"row\" INTEGER PRIMARY KEY";
  for (const ViewColumn& column : table.columns) {
    columns += absl::StrFormat("%s\"%s\" %s", columns.empty() ? "" : ", ", column.name,
                               SqlTypeOf(column.data->type()));
  }
  return absl::StrFormat("CREATE TABLE \"%s\"(%s) STRICT", table.name, columns);
}

std::string InsertSql(const ViewTable& table) {
  std::string parameters = table.row_numbers == RowNumbers::kFirstColumn ? "?" : "";
  for (size_t i = 0; i < table.columns.size(); ++i) parameters += parameters.empty() ? "?" : ", ?";
  return absl::StrFormat("INSERT INTO \"%s\" VALUES(%s)", table.name, parameters);
}

void BindValue(Statement& insert, int index, const ColumnData& data, uint32_t row) {
  if (data.IsMissing(row)) {
    insert.BindNull(index);
  } else if (data.type() == ColumnType::kText) {
    insert.BindText(index, data.Text(row));
  } else if (IsRealType(data.type())) {
    insert.BindDouble(index, data.Real(row));
  } else {
    insert.BindInt64(index, data.Integer(row));
  }
}

absl::Status WriteTextColumn(const std::string& stem, const ColumnData& data,
                             const std::vector<uint32_t>& rows) {
  ASSIGN_OR_RETURN(OutputFile offsets, OutputFile::Create(stem + ".offsets.i64", kFileMode));
  ASSIGN_OR_RETURN(OutputFile bytes, OutputFile::Create(stem + ".bytes", kFileMode));
  int64_t end = 0;
  RETURN_IF_ERROR(offsets.WriteInt64(end));
  for (const uint32_t row : rows) {
    const std::string_view text = data.Text(row);
    end += static_cast<int64_t>(text.size());
    RETURN_IF_ERROR(offsets.WriteInt64(end));
    RETURN_IF_ERROR(bytes.Write(text));
  }
  RETURN_IF_ERROR(offsets.Finish());
  return bytes.Finish();
}

absl::Status WriteFixedColumn(const std::string& stem, const ColumnData& data,
                              const std::vector<uint32_t>& rows) {
  const std::string path = absl::StrFormat("%s.%s", stem, contest::ColumnTypeName(data.type()));
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path, kFileMode));
  for (const uint32_t row : rows) RETURN_IF_ERROR(file.Write(data.FixedBytes(row)));
  return file.Finish();
}

absl::Status WriteValid(const std::string& stem, const ColumnData& data,
                        const std::vector<uint32_t>& rows) {
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(stem + ".valid.i8", kFileMode));
  for (const uint32_t row : rows) {
    RETURN_IF_ERROR(file.Write(data.IsMissing(row) ? std::string_view("\0", 1) : "\1"));
  }
  return file.Finish();
}

absl::Status WriteRowNumbers(const std::string& stem, size_t count) {
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(stem + ".i64", kFileMode));
  for (size_t row = 0; row < count; ++row) {
    RETURN_IF_ERROR(file.WriteInt64(static_cast<int64_t>(row)));
  }
  return file.Finish();
}

// How many of `rows` are missing.
int64_t CountMissing(const ColumnData& data, const std::vector<uint32_t>& rows) {
  int64_t count = 0;
  for (const uint32_t row : rows) count += data.IsMissing(row) ? 1 : 0;
  return count;
}

std::string SchemaColumn(std::string_view name, ColumnType type, int64_t missing) {
  return absl::StrFormat("      {\"name\": \"%s\", \"type\": \"%s\", \"nulls\": %d}", name,
                         contest::ColumnTypeName(type), missing);
}

}  // namespace

absl::StatusOr<ViewWriter> ViewWriter::Create(std::string folder) {
  RETURN_IF_ERROR(MakeDirectory(folder + "/columns", kFolderMode));
  ASSIGN_OR_RETURN(storage::Database database,
                   storage::Database::Open(folder + "/contest.db", storage::Mode::kBuild));
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(database));
  return ViewWriter(std::move(folder), std::move(database), std::move(transaction));
}

absl::Status ViewWriter::Write(const ViewTable& table) {
  RETURN_IF_ERROR(WriteRows(table));
  return WriteColumns(table);
}

absl::Status ViewWriter::WriteRows(const ViewTable& table) {
  RETURN_IF_ERROR(database_.Execute(CreateTableSql(table)));
  ASSIGN_OR_RETURN(Statement insert, database_.Prepare(InsertSql(table)));
  for (size_t i = 0; i < table.rows.size(); ++i) {
    int index = 1;
    if (table.row_numbers == RowNumbers::kFirstColumn) {
      insert.BindInt64(index++, static_cast<int64_t>(i));
    }
    for (const ViewColumn& column : table.columns) {
      BindValue(insert, index++, *column.data, table.rows[i]);
    }
    RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status ViewWriter::WriteColumns(const ViewTable& table) {
  const std::string folder = absl::StrFormat("%s/columns/%s", folder_, table.name);
  RETURN_IF_ERROR(MakeDirectory(folder, kFolderMode));
  std::string columns;
  if (table.row_numbers == RowNumbers::kFirstColumn) {
    RETURN_IF_ERROR(WriteRowNumbers(folder + "/row", table.rows.size()));
    columns = SchemaColumn("row", ColumnType::kI64, 0);
  }
  for (const ViewColumn& column : table.columns) {
    const std::string stem = absl::StrFormat("%s/%s", folder, column.name);
    const ColumnData& data = *column.data;
    RETURN_IF_ERROR(data.type() == ColumnType::kText ? WriteTextColumn(stem, data, table.rows)
                                                     : WriteFixedColumn(stem, data, table.rows));
    const int64_t missing = CountMissing(data, table.rows);
    if (missing > 0) RETURN_IF_ERROR(WriteValid(stem, data, table.rows));
    columns += columns.empty() ? "" : ",\n";
    columns += SchemaColumn(column.name, data.type(), missing);
  }
  schema_tables_ += schema_tables_.empty() ? "" : ",\n";
  schema_tables_ += absl::StrFormat("    {\"name\": \"%s\", \"rows\": %d, \"columns\": [\n%s]}",
                                    table.name, table.rows.size(), columns);
  return absl::OkStatus();
}

absl::Status ViewWriter::Finish(std::string_view target, std::string_view label) {
  RETURN_IF_ERROR(transaction_.CommitUnlogged());
  const std::string path = folder_ + "/contest.db";
  if (::chmod(path.c_str(), kFileMode) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("set the mode of %s", path));
  }
  ASSIGN_OR_RETURN(OutputFile schema,
                   OutputFile::Create(folder_ + "/columns/schema.json", kFileMode));
  RETURN_IF_ERROR(
      schema.Write(absl::StrFormat("{\n  \"version\": 1,\n  \"target\": \"%s\",\n  \"label\": "
                                   "\"%s\",\n  \"tables\": [\n%s\n  ]\n}\n",
                                   target, label, schema_tables_)));
  return schema.Finish();
}

}  // namespace pinhole::dataset
