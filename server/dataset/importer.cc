#include "server/dataset/importer.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/dataset/folder.h"
#include "server/dataset/number.h"
#include "server/dataset/row_batch.h"
#include "server/dataset/source_table.h"
#include "server/dataset/target_import.h"
#include "server/dataset/view_writer.h"

namespace pinhole::dataset {
namespace {

using contest::Column;
using contest::ColumnType;

// SQLite compares names without regard to case and keeps some for itself.
absl::Status CheckSqlNames(const contest::DataShape& shape) {
  std::set<std::string> tables = {"predict"};
  for (const contest::Table& table : shape.tables) {
    const std::string lower = absl::AsciiStrToLower(table.name);
    if (lower.starts_with("sqlite_") || !tables.insert(lower).second) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "table \"%s\": SQLite keeps names from sqlite_ on for itself and takes capital and small "
          "letters for the same; choose another name",
          table.name));
    }
    std::set<std::string> columns = {"row"};
    for (const Column& column : table.columns) {
      if (!columns.insert(absl::AsciiStrToLower(column.name)).second) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "table \"%s\", column \"%s\": another column has this name but for capital letters, or "
            "it is \"row\"; rename it",
            table.name, column.name));
      }
    }
  }
  return absl::OkStatus();
}

class Importer {
 public:
  Importer(const ImportSpec& spec, ByteView key, StagedFolder& staged, ViewWriter& view,
           Stopwatch& watch)
      : spec_(spec), key_(key), staged_(staged), view_(view), watch_(watch) {}

  absl::StatusOr<ImportResult> Run() {
    RETURN_IF_ERROR(ResolveShape());
    watch_.Charge(result_.stages.infer_ns);
    for (size_t i = 0; i < spec_.tables.size(); ++i) {
      const TableSpec& table = spec_.tables[i];
      RETURN_IF_ERROR(table.name == spec_.target ? ImportTarget(table, columns_[i])
                                                 : ImportWhole(table, columns_[i]));
    }
    RETURN_IF_ERROR(view_.Finish(result_.shape));
    watch_.Charge(result_.stages.rows_ns);
    return std::move(result_);
  }

 private:
  absl::Status ResolveShape() {
    result_.shape.target = spec_.target;
    result_.shape.label = spec_.label;
    result_.shape.weight = spec_.weight.value_or("");
    for (const TableSpec& table : spec_.tables) {
      const bool target = table.name == spec_.target;
      ASSIGN_OR_RETURN(std::vector<Column> columns,
                       ResolveColumns(table, target ? std::optional<std::string_view>(spec_.split)
                                                    : std::optional<std::string_view>()));
      contest::Table shaped{.name = table.name, .columns = columns};
      if (target) {
        RETURN_IF_ERROR(ResolveRoles(table, columns));
        if (roles_.split.has_value()) {
          shaped.columns.erase(shaped.columns.begin() + static_cast<std::ptrdiff_t>(*roles_.split));
        }
      }
      result_.shape.tables.push_back(std::move(shaped));
      columns_.push_back(std::move(columns));
    }
    RETURN_IF_ERROR(contest::Validate(result_.shape));
    return CheckSqlNames(result_.shape);
  }

  absl::Status ResolveRoles(const TableSpec& table, const std::vector<Column>& columns) {
    ASSIGN_OR_RETURN(roles_.label, IndexOf(columns, spec_.label, table));
    if (spec_.split.has_value()) {
      ASSIGN_OR_RETURN(roles_.split, IndexOf(columns, *spec_.split, table));
    }
    if (spec_.weight.has_value()) {
      ASSIGN_OR_RETURN(roles_.weight, IndexOf(columns, *spec_.weight, table));
    }
    if (!spec_.person.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const size_t person, IndexOf(columns, *spec_.person, table));
    if (columns[person].type != ColumnType::kText && !IsIntegerType(columns[person].type)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: the person column \"%s\" must hold integers or text", table.file, *spec_.person));
    }
    roles_.person = person;
    return absl::OkStatus();
  }

  absl::Status ImportTarget(const TableSpec& table, const std::vector<Column>& columns) {
    return TargetImport(spec_, table, columns, roles_, key_, staged_, watch_, result_).Run(view_);
  }

  absl::Status ImportWhole(const TableSpec& table, const std::vector<Column>& columns) {
    ViewTable whole{.name = table.name, .columns = columns, .places = {}};
    RowBatch batch;
    for (const Column& column : columns) {
      whole.places.push_back(batch.columns.size());
      batch.columns.emplace_back(column.type);
    }
    RETURN_IF_ERROR(view_.Begin(std::move(whole)));
    TableFacts facts{.rows = 0, .nulls = std::vector<int64_t>(columns.size())};
    ASSIGN_OR_RETURN(const Source source, OpenSource(table));
    while (true) {
      ASSIGN_OR_RETURN(const bool record, source.records->Next());
      if (!record || batch.IsFull()) RETURN_IF_ERROR(WriteBatch(batch, facts));
      if (!record) break;
      if (facts.rows + static_cast<int64_t>(batch.rows) == kTableRowLimit) {
        return source.records->ErrorAt(
            0, absl::StrFormat("a table has at most %d rows", kTableRowLimit));
      }
      for (size_t i = 0; i < columns.size(); ++i) {
        RETURN_IF_ERROR(TakeValue(*source.records, i, columns[i], batch.columns[i]));
      }
      ++batch.rows;
    }
    result_.tables.push_back(std::move(facts));
    return view_.End();
  }

  absl::Status WriteBatch(RowBatch& batch, TableFacts& facts) {
    watch_.Charge(result_.stages.read_ns);
    RETURN_IF_ERROR(view_.AppendRows(batch));
    watch_.Charge(result_.stages.rows_ns);
    RETURN_IF_ERROR(view_.AppendColumns(batch));
    facts.rows += static_cast<int64_t>(batch.rows);
    for (size_t i = 0; i < facts.nulls.size(); ++i) {
      facts.nulls[i] += batch.columns[i].CountMissing();
    }
    batch.Clear();
    watch_.Charge(result_.stages.columns_ns);
    return absl::OkStatus();
  }

  const ImportSpec& spec_;
  ByteView key_;
  StagedFolder& staged_;
  ViewWriter& view_;
  Stopwatch& watch_;
  ImportResult result_;
  std::vector<std::vector<Column>> columns_;  // of each table, split included
  TargetRoles roles_;
};

}  // namespace

absl::StatusOr<ImportResult> Import(const ImportSpec& spec, const std::string& destination,
                                    ByteView key, MonotonicClock clock) {
  ASSIGN_OR_RETURN(StagedFolder staged, StagedFolder::Make(destination));
  Stopwatch watch(std::move(clock));
  ASSIGN_OR_RETURN(ImportResult result, [&]() -> absl::StatusOr<ImportResult> {
    ASSIGN_OR_RETURN(ViewWriter view, ViewWriter::Create(staged.Path(kViewFolder)));
    return Importer(spec, key, staged, view, watch).Run();
  }());
  RETURN_IF_ERROR(staged.Publish());
  watch.Charge(result.stages.publish_ns);
  return result;
}

absl::StatusOr<int64_t> BaselinePredictionMillionths(const ImportResult& result) {
  const std::optional<int64_t> mean = result.train_labels.Mean();
  if (!mean.has_value()) {
    return absl::FailedPreconditionError("no training row has a label, so there is no mean");
  }
  return *mean;
}

}  // namespace pinhole::dataset
