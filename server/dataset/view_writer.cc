#include "server/dataset/view_writer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/date.h"
#include "server/core/base/status.h"
#include "server/dataset/column_files.h"
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
  if (type == ColumnType::kText || type == ColumnType::kDate) return "TEXT";
  return IsRealType(type) ? "REAL" : "INTEGER";
}

// Names are letters, digits and '_' (contest::Validate), so quoting them is enough.
std::string CreateTableSql(const ViewTable& table) {
  std::string columns;
  if (table.row_numbers == RowNumbers::kFirstColumn) columns = "\"row\" INTEGER PRIMARY KEY";
  for (const contest::Column& column : table.columns) {
    columns += absl::StrFormat("%s\"%s\" %s", columns.empty() ? "" : ", ", column.name,
                               SqlTypeOf(column.type));
  }
  return absl::StrFormat("CREATE TABLE \"%s\"(%s) STRICT", table.name, columns);
}

size_t ColumnsOf(const ViewTable& table) {
  return table.columns.size() + (table.row_numbers == RowNumbers::kFirstColumn ? 1 : 0);
}

// A statement costs about as much as inserting two rows: many rows a statement are three times as
// fast as one (measured with four columns), if their parameters are not too many for SQLite.
size_t RowsAtOnce(const ViewTable& table) {
  constexpr size_t kRows = 64;
  constexpr size_t kParameters = 4096;
  return std::clamp<size_t>(kParameters / ColumnsOf(table), 1, kRows);
}

std::string InsertSql(const ViewTable& table, size_t rows) {
  std::string row = "(";
  for (size_t i = 0; i < ColumnsOf(table); ++i) row += i == 0 ? "?" : ",?";
  row += ")";
  std::string sql = absl::StrFormat("INSERT INTO \"%s\" VALUES", table.name);
  for (size_t i = 0; i < rows; ++i) sql += (i == 0 ? "" : ",") + row;
  return sql;
}

void BindValue(Statement& insert, int index, const ColumnData& data, size_t row) {
  if (data.IsMissing(row)) {
    insert.BindNull(index);
    return;
  }
  switch (data.type()) {
    case ColumnType::kText:
      insert.BindText(index, data.Text(row));
      return;
    case ColumnType::kDate:
      insert.BindText(index, FormatDate(static_cast<int32_t>(data.Integer(row))));
      return;
    case ColumnType::kF32:
    case ColumnType::kF64:
      insert.BindDouble(index, data.Real(row));
      return;
    default:
      insert.BindInt64(index, data.Integer(row));
  }
}

std::string SchemaColumn(const contest::Column& column, int64_t missing) {
  return absl::StrFormat(
      "      {\"name\": \"%s\", \"type\": \"%s\", \"nulls\": %d%s}", column.name,
      FlatTypeName(column.type), missing,
      column.type == ColumnType::kDate ? ", \"unit\": \"days since 1970-01-01\"" : "");
}

}  // namespace

// The table that is being written.
class ViewWriter::OpenTable {
 public:
  OpenTable(ViewTable table, Statement insert_one, Statement insert_many)
      : table_(std::move(table)),
        insert_one_(std::move(insert_one)),
        insert_many_(std::move(insert_many)),
        rows_at_once_(RowsAtOnce(table_)) {}

  absl::Status CreateFiles(const std::string& folder) {
    RETURN_IF_ERROR(MakeDirectory(folder, kFolderMode));
    if (table_.row_numbers == RowNumbers::kFirstColumn) {
      ASSIGN_OR_RETURN(row_file_, OutputFile::Create(folder + "/row.i64", kFileMode));
    }
    for (const contest::Column& column : table_.columns) {
      ASSIGN_OR_RETURN(
          ColumnFiles files,
          ColumnFiles::Create(absl::StrFormat("%s/%s", folder, column.name), column.type));
      files_.push_back(std::move(files));
    }
    return absl::OkStatus();
  }

  absl::Status AppendRows(const RowBatch& batch) {
    size_t row = 0;
    for (; row + rows_at_once_ <= batch.rows; row += rows_at_once_) {
      RETURN_IF_ERROR(Insert(insert_many_, batch, row, rows_at_once_));
    }
    for (; row < batch.rows; ++row) RETURN_IF_ERROR(Insert(insert_one_, batch, row, 1));
    return absl::OkStatus();
  }

  absl::Status AppendColumns(const RowBatch& batch) {
    for (size_t i = 0; i < files_.size(); ++i) {
      RETURN_IF_ERROR(files_[i].Append(batch.columns[table_.places[i]]));
    }
    if (!row_file_.has_value()) return absl::OkStatus();
    for (size_t row = 0; row < batch.rows; ++row) {
      RETURN_IF_ERROR(row_file_->WriteInt64(next_row_number_++));
    }
    return absl::OkStatus();
  }

  // The table's object in schema.json.
  absl::StatusOr<std::string> End() {
    std::string columns;
    if (row_file_.has_value()) {
      RETURN_IF_ERROR(row_file_->Finish());
      columns = SchemaColumn({.name = "row", .type = ColumnType::kI64, .range = {}}, 0);
    }
    for (size_t i = 0; i < files_.size(); ++i) {
      RETURN_IF_ERROR(files_[i].Finish());
      columns += columns.empty() ? "" : ",\n";
      columns += SchemaColumn(table_.columns[i], files_[i].missing());
    }
    return absl::StrFormat("    {\"name\": \"%s\", \"rows\": %d, \"columns\": [\n%s]}", table_.name,
                           rows_, columns);
  }

 private:
  absl::Status Insert(Statement& insert, const RowBatch& batch, size_t first, size_t count) {
    int index = 1;
    for (size_t row = first; row < first + count; ++row, ++rows_) {
      if (row_file_.has_value()) insert.BindInt64(index++, rows_);
      for (const size_t place : table_.places) {
        BindValue(insert, index++, batch.columns[place], row);
      }
    }
    return insert.Run();
  }

  ViewTable table_;
  Statement insert_one_;
  Statement insert_many_;  // of rows_at_once_
  size_t rows_at_once_;
  std::vector<ColumnFiles> files_;
  std::optional<OutputFile> row_file_;  // where the table has row numbers
  int64_t rows_ = 0;
  int64_t next_row_number_ = 0;
};

ViewWriter::ViewWriter(std::string folder, storage::Database database,
                       storage::Transaction transaction)
    : folder_(std::move(folder)),
      database_(std::move(database)),
      transaction_(std::move(transaction)) {}
ViewWriter::ViewWriter(ViewWriter&&) noexcept = default;
ViewWriter::~ViewWriter() = default;

absl::StatusOr<ViewWriter> ViewWriter::Create(std::string folder) {
  RETURN_IF_ERROR(MakeDirectory(folder + "/columns", kFolderMode));
  ASSIGN_OR_RETURN(storage::Database database,
                   storage::Database::Open(folder + "/contest.db", storage::Mode::kBuild));
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(database));
  return ViewWriter(std::move(folder), std::move(database), std::move(transaction));
}

absl::Status ViewWriter::Begin(ViewTable table) {
  RETURN_IF_ERROR(database_.Execute(CreateTableSql(table)));
  ASSIGN_OR_RETURN(Statement one, database_.Prepare(InsertSql(table, 1)));
  ASSIGN_OR_RETURN(Statement many, database_.Prepare(InsertSql(table, RowsAtOnce(table))));
  const std::string folder = absl::StrFormat("%s/columns/%s", folder_, table.name);
  table_ = std::make_unique<OpenTable>(std::move(table), std::move(one), std::move(many));
  return table_->CreateFiles(folder);
}

absl::Status ViewWriter::AppendRows(const RowBatch& batch) { return table_->AppendRows(batch); }

absl::Status ViewWriter::AppendColumns(const RowBatch& batch) {
  return table_->AppendColumns(batch);
}

absl::Status ViewWriter::End() {
  ASSIGN_OR_RETURN(const std::string schema, table_->End());
  schema_tables_ += schema_tables_.empty() ? "" : ",\n";
  schema_tables_ += schema;
  table_.reset();
  return absl::OkStatus();
}

absl::Status ViewWriter::Finish(const contest::DataShape& shape) {
  RETURN_IF_ERROR(transaction_.CommitUnlogged());
  const std::string path = folder_ + "/contest.db";
  if (::chmod(path.c_str(), kFileMode) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("set the mode of %s", path));
  }
  ASSIGN_OR_RETURN(OutputFile schema,
                   OutputFile::Create(folder_ + "/columns/schema.json", kFileMode));
  RETURN_IF_ERROR(schema.Write(absl::StrFormat(
      "{\n  \"version\": 1,\n  \"target\": \"%s\",\n  \"label\": "
      "\"%s\",\n%s  \"tables\": [\n%s\n  ]\n}\n",
      shape.target, shape.label,
      shape.weight.empty() ? "" : absl::StrFormat("  \"weight\": \"%s\",\n", shape.weight),
      schema_tables_)));
  return schema.Finish();
}

}  // namespace pinhole::dataset
