#include "server/dataset/database_records.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "server/core/base/status.h"
#include "server/dataset/utf8.h"

namespace pinhole::dataset {
namespace {

std::string Quoted(const std::string& name) {
  return "\"" + absl::StrReplaceAll(name, {{"\"", "\"\""}}) + "\"";
}

bool HasContent(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && found.st_size > 0;
}

absl::Status RefuseUnfinished(const std::string& path) {
  if (HasContent(path + "-wal")) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %s-wal holds rows that are not in the file yet; close the programs that use the "
        "database, then run: sqlite3 %s 'PRAGMA wal_checkpoint(TRUNCATE)'",
        path, path, path));
  }
  if (HasContent(path + "-journal")) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %s-journal says that a change is under way or was broken off; close the programs that "
        "use the database, then run: sqlite3 %s 'PRAGMA integrity_check'",
        path, path, path));
  }
  return absl::OkStatus();
}

// A decimal text that reads back as the same double and shows that it is a real.
std::string RealText(double value) {
  std::array<char, 32> raw{};
  const auto [end, error] = std::to_chars(raw.data(), raw.data() + raw.size(), value);
  std::string text(raw.data(), error == std::errc() ? end : raw.data());
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// Rule 2 of sqlite.org/datatype3.html, section 3.1, after rule 1.
bool IsTextAffinity(std::string_view declared) {
  const std::string upper =
      absl::AsciiStrToUpper(absl::string_view(declared.data(), declared.size()));
  if (absl::StrContains(upper, "INT")) return false;
  return absl::StrContains(upper, "CHAR") || absl::StrContains(upper, "CLOB") ||
         absl::StrContains(upper, "TEXT");
}

absl::StatusOr<std::string> TableNames(storage::Database& database) {
  ASSIGN_OR_RETURN(storage::Statement select,
                   database.Prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND "
                                    "type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                                    "ORDER BY name"));
  std::string names;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return names.empty() ? "none" : names;
    names += names.empty() ? "" : ", ";
    names += select.Text(0);
  }
}

}  // namespace

absl::StatusOr<DatabaseRecords::Table> DatabaseRecords::Describe(storage::Database& database,
                                                                 const std::string& path,
                                                                 const std::string& table) {
  // Names are compared as SQLite does, without regard to case.
  ASSIGN_OR_RETURN(storage::Statement find,
                   database.Prepare("SELECT name, type, wr FROM pragma_table_list WHERE schema = "
                                    "'main' AND name = ?1 COLLATE NOCASE"));
  find.BindText(1, table);
  ASSIGN_OR_RETURN(const bool found, find.Step());
  if (!found) {
    ASSIGN_OR_RETURN(const std::string names, TableNames(database));
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: no table \"%s\"; its tables are: %s", path, table, names));
  }
  Table described{.name = std::string(find.Text(0)), .columns = {}, .text = {}, .rowid = {}};
  if (find.Text(1) != "table") {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: \"%s\" is a %s; copy its rows into a table first (CREATE TABLE … AS SELECT …)", path,
        table, find.Text(1)));
  }
  const bool has_rowid = find.Int64(2) == 0;
  ASSIGN_OR_RETURN(storage::Statement columns,
                   database.Prepare("SELECT name, type FROM pragma_table_info(?1) ORDER BY cid"));
  columns.BindText(1, described.name);
  while (true) {
    ASSIGN_OR_RETURN(const bool column, columns.Step());
    if (!column) break;
    described.columns.emplace_back(columns.Text(0));
    described.text.push_back(IsTextAffinity(columns.Text(1)));
  }
  for (const char* name : {"rowid", "_rowid_", "oid"}) {
    const bool taken = std::ranges::any_of(described.columns, [name](const std::string& column) {
      return absl::EqualsIgnoreCase(column, name);
    });
    if (has_rowid && !taken && described.rowid.empty()) described.rowid = name;
  }
  return described;
}

absl::StatusOr<DatabaseRecords> DatabaseRecords::Open(const std::string& path,
                                                      const std::string& table) {
  RETURN_IF_ERROR(RefuseUnfinished(path));
  ASSIGN_OR_RETURN(storage::Database database,
                   storage::Database::Open(path, storage::Mode::kReadOnlyImmutable));
  ASSIGN_OR_RETURN(Table described, Describe(database, path, table));
  std::string list = described.rowid;
  for (const std::string& column : described.columns) {
    list += list.empty() ? "" : ", ";
    list += Quoted(column);
  }
  std::string sql = absl::StrFormat("SELECT %s FROM %s", list, Quoted(described.name));
  if (!described.rowid.empty()) sql += " ORDER BY " + described.rowid;
  ASSIGN_OR_RETURN(storage::Statement select, database.Prepare(sql));
  return DatabaseRecords(path, std::move(described), std::move(database), std::move(select));
}

DatabaseRecords::DatabaseRecords(std::string path, Table table, storage::Database database,
                                 storage::Statement select)
    : path_(std::move(path)),
      table_(std::move(table.name)),
      names_(std::move(table.columns)),
      declared_text_(std::move(table.text)),
      rowid_(!table.rowid.empty()),
      database_(std::move(database)),
      select_(std::move(select)),
      fields_(names_.size()),
      missing_(names_.size()) {}

absl::StatusOr<bool> DatabaseRecords::Next() {
  ASSIGN_OR_RETURN(const bool row, select_.Step());
  if (!row) return false;
  row_ = rowid_ ? select_.Int64(0) : row_ + 1;
  for (size_t i = 0; i < names_.size(); ++i) RETURN_IF_ERROR(TakeField(i));
  return true;
}

absl::Status DatabaseRecords::TakeField(size_t index) {
  const int place = Place(index);
  missing_[index] = false;
  switch (select_.Type(place)) {
    case storage::ValueType::kNull:
      missing_[index] = true;
      fields_[index].clear();
      return absl::OkStatus();
    case storage::ValueType::kInteger:
      fields_[index] = std::to_string(select_.Int64(place));
      return absl::OkStatus();
    case storage::ValueType::kReal: {
      const double value = select_.Double(place);
      if (!std::isfinite(value)) return ErrorAt(index, "the value is infinite");
      fields_[index] = RealText(value);
      return absl::OkStatus();
    }
    case storage::ValueType::kText: {
      const std::string_view text = select_.Text(place);
      if (text.size() > kRecordLimitBytes) {
        return ErrorAt(index,
                       absl::StrFormat("the text is longer than %d bytes", kRecordLimitBytes));
      }
      if (text.find('\0') != std::string_view::npos) return ErrorAt(index, "the text holds a NUL");
      if (!IsUtf8(text)) return ErrorAt(index, "the text is not UTF-8");
      fields_[index] = text;
      return absl::OkStatus();
    }
    case storage::ValueType::kBlob:
      break;
  }
  return ErrorAt(index, "the value is a blob; a data set holds numbers, texts and dates");
}

absl::Status DatabaseRecords::ErrorAt(size_t index, std::string_view reason) const {
  return absl::InvalidArgumentError(absl::StrFormat("%s: table \"%s\", %s %d, column \"%s\": %s",
                                                    path_, table_, rowid_ ? "rowid" : "row", row_,
                                                    names_[index], reason));
}

}  // namespace pinhole::dataset
