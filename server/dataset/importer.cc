#include "server/dataset/importer.h"

#include <cctype>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/dataset/folder.h"
#include "server/dataset/number.h"
#include "server/dataset/output_file.h"
#include "server/dataset/row_order.h"
#include "server/dataset/source_table.h"
#include "server/dataset/view_writer.h"

namespace pinhole::dataset {
namespace {

using contest::Column;

// What a row of the target counts for.
enum class Part : uint8_t { kTrain, kPublic, kFinal };

// What the target's rows say beside their columns, by row of the file.
struct TargetRows {
  std::vector<Part> parts;
  std::vector<int64_t> labels;  // millionths; 0 where missing
};

class PersonCounter {
 public:
  void See(std::string_view person, Part part) {
    Seen& seen = persons_[std::string(person)];
    (part == Part::kTrain ? seen.train : seen.scored) = true;
  }
  PersonOverlap Count() const {
    PersonOverlap overlap;
    for (const auto& [person, seen] : persons_) {
      overlap.train += seen.train ? 1 : 0;
      overlap.scored += seen.scored ? 1 : 0;
      overlap.both += seen.train && seen.scored ? 1 : 0;
    }
    return overlap;
  }

 private:
  struct Seen {
    bool train = false;
    bool scored = false;
  };
  std::unordered_map<std::string, Seen> persons_;
};

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
  Importer(const ImportSpec& spec, ByteView key, StagedFolder& staged, ViewWriter& view)
      : spec_(spec), key_(key), staged_(staged), view_(view) {}

  absl::StatusOr<ImportResult> Run() {
    RETURN_IF_ERROR(ResolveShape());
    for (size_t i = 0; i < spec_.tables.size(); ++i) {
      const TableSpec& table = spec_.tables[i];
      RETURN_IF_ERROR(table.name == spec_.target ? ImportTarget(table, columns_[i])
                                                 : ImportWhole(table, columns_[i]));
    }
    RETURN_IF_ERROR(view_.Finish(spec_.target, spec_.label));
    return std::move(result_);
  }

 private:
  absl::Status ResolveShape() {
    result_.shape.target = spec_.target;
    result_.shape.label = spec_.label;
    for (const TableSpec& table : spec_.tables) {
      const bool target = table.name == spec_.target;
      const std::optional<std::string_view> untyped =
          target ? std::optional<std::string_view>(spec_.split) : std::nullopt;
      ASSIGN_OR_RETURN(std::vector<Column> columns, ResolveColumns(table, untyped));
      contest::Table shaped{.name = table.name, .columns = columns};
      if (target) {
        ASSIGN_OR_RETURN(const size_t split, IndexOf(columns, spec_.split, table));
        ASSIGN_OR_RETURN(label_index_, IndexOf(columns, spec_.label, table));
        split_index_ = split;
        shaped.columns.erase(shaped.columns.begin() + static_cast<std::ptrdiff_t>(split));
        RETURN_IF_ERROR(ResolvePerson(table, columns));
      }
      result_.shape.tables.push_back(std::move(shaped));
      columns_.push_back(std::move(columns));
    }
    RETURN_IF_ERROR(contest::Validate(result_.shape));
    return CheckSqlNames(result_.shape);
  }

  absl::Status ResolvePerson(const TableSpec& table, const std::vector<Column>& columns) {
    if (!spec_.person.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const size_t person, IndexOf(columns, *spec_.person, table));
    if (IsRealType(columns[person].type)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: the person column \"%s\" must hold integers or text", table.file, *spec_.person));
    }
    person_index_ = person;
    return absl::OkStatus();
  }

  absl::Status ImportWhole(const TableSpec& table, const std::vector<Column>& columns) {
    const auto ignore = [](const CsvReader&) { return absl::OkStatus(); };
    ASSIGN_OR_RETURN(const SourceRows source, LoadRows(table, columns, std::nullopt, ignore));
    ViewTable view{.name = table.name, .columns = {}, .rows = std::vector<uint32_t>(source.rows)};
    for (uint32_t row = 0; row < source.rows; ++row) view.rows[row] = row;
    for (size_t i = 0; i < columns.size(); ++i) {
      view.columns.push_back({columns[i].name, &*source.data[i]});
    }
    return view_.Write(view);
  }

  absl::Status ImportTarget(const TableSpec& table, const std::vector<Column>& columns) {
    TargetRows target;
    PersonCounter persons;
    const auto visit = [&](const CsvReader& record) {
      return TakeTargetRow(record, target, persons);
    };
    ASSIGN_OR_RETURN(const SourceRows source, LoadRows(table, columns, spec_.split, visit));
    if (person_index_.has_value()) result_.persons = persons.Count();
    if (result_.train_rows == 0 || result_.public_rows == 0 || result_.final_rows == 0) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: %d rows to train on, %d public, %d final: each needs at least one",
                          table.file, result_.train_rows, result_.public_rows, result_.final_rows));
    }

    std::vector<uint32_t> train_rows;
    std::vector<uint32_t> scored_rows;
    for (uint32_t row = 0; row < source.rows; ++row) {
      (target.parts[row] == Part::kTrain ? train_rows : scored_rows).push_back(row);
    }
    ViewTable train{.name = table.name,
                    .columns = {},
                    .rows = KeyedOrder(key_, table.name, std::move(train_rows))};
    ViewTable predict{.name = "predict",
                      .columns = {},
                      .row_numbers = RowNumbers::kFirstColumn,
                      .rows = KeyedOrder(key_, table.name, std::move(scored_rows))};
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i == split_index_) continue;
      train.columns.push_back({columns[i].name, &*source.data[i]});
      if (i != label_index_) predict.columns.push_back({columns[i].name, &*source.data[i]});
    }
    RETURN_IF_ERROR(view_.Write(train));
    RETURN_IF_ERROR(view_.Write(predict));
    return WriteLabels(target, predict.rows);
  }

  absl::Status TakeTargetRow(const CsvReader& record, TargetRows& target, PersonCounter& persons) {
    ASSIGN_OR_RETURN(const Part part, TakePart(record));
    target.parts.push_back(part);
    int64_t label = 0;
    if (!record.IsMissing(label_index_)) {
      absl::StatusOr<int64_t> exact = ParseMillionths(record.Field(label_index_));
      if (!exact.ok()) {
        return record.ErrorAt(label_index_,
                              absl::StrFormat("the label %s", exact.status().message()));
      }
      label = *exact;
      if (part == Part::kTrain) {
        result_.train_labels.See(label);
      }
    } else if (part != Part::kTrain) {
      return record.ErrorAt(label_index_, "a public or final row must have a label");
    }
    target.labels.push_back(label);
    if (person_index_.has_value() && !record.IsMissing(*person_index_)) {
      persons.See(record.Field(*person_index_), part);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Part> TakePart(const CsvReader& record) {
    const std::string_view word = record.Field(split_index_);
    if (word == "train") {
      ++result_.train_rows;
      return Part::kTrain;
    }
    if (word == "public") {
      ++result_.public_rows;
      return Part::kPublic;
    }
    if (word == "final") {
      ++result_.final_rows;
      return Part::kFinal;
    }
    return record.ErrorAt(split_index_, "the split must be one of train, public, final");
  }

  absl::Status WriteLabels(const TargetRows& target, const std::vector<uint32_t>& rows) {
    ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(staged_.Path(kLabelsFile), 0600));
    for (const uint32_t row : rows) {
      const ScoredSet set =
          target.parts[row] == Part::kPublic ? ScoredSet::kPublic : ScoredSet::kFinal;
      RETURN_IF_ERROR(WriteLabel(file, target.labels[row], set, kOneRowThousandths));
    }
    return file.Finish();
  }

  const ImportSpec& spec_;
  ByteView key_;
  StagedFolder& staged_;
  ViewWriter& view_;
  ImportResult result_;
  std::vector<std::vector<Column>> columns_;  // of each table, split included
  size_t label_index_ = 0;
  size_t split_index_ = 0;
  std::optional<size_t> person_index_;
};

}  // namespace

absl::StatusOr<ImportResult> Import(const ImportSpec& spec, const std::string& destination,
                                    ByteView key) {
  ASSIGN_OR_RETURN(StagedFolder staged, StagedFolder::Make(destination));
  ASSIGN_OR_RETURN(ImportResult result, [&]() -> absl::StatusOr<ImportResult> {
    ASSIGN_OR_RETURN(ViewWriter view, ViewWriter::Create(staged.Path(kViewFolder)));
    return Importer(spec, key, staged, view).Run();
  }());
  RETURN_IF_ERROR(staged.Publish());
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
