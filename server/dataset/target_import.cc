#include "server/dataset/target_import.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/dataset/output_file.h"
#include "server/dataset/packed_row.h"

namespace pinhole::dataset {
namespace {

using contest::Column;

constexpr size_t kSortMemoryBytes = size_t{32} << 20;
constexpr int64_t kWeightLimitMillionths = 4'000'000 * int64_t{1'000'000};
constexpr uint64_t kScoredBit = uint64_t{1} << 63;

// What stands before the packed columns of a row that is put aside.
struct Head {
  int64_t label;
  uint32_t weight_thousandths;
  Part part;
};

// Training rows first, each half in the secret order.
SortKey KeyOf(SortKey key, Part part) {
  key.high = key.high >> 1 | (part == Part::kTrain ? 0 : kScoredBit);
  return key;
}

}  // namespace

TargetImport::TargetImport(const ImportSpec& spec, const TableSpec& table,
                           const std::vector<Column>& columns, const TargetRoles& roles,
                           ByteView key, const StagedFolder& staged, Stopwatch& watch,
                           ImportResult& result)
    : spec_(spec),
      table_(table),
      columns_(columns),
      roles_(roles),
      staged_(staged),
      watch_(watch),
      result_(result),
      keys_(key, table.name),
      order_(key, table.name),
      sorted_(staged.Path(kTruthFolder), kSortMemoryBytes),
      persons_(staged.Path(kTruthFolder)) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (roles.split == i) continue;
    if (roles.person == i) person_place_ = sources_.size();
    sources_.push_back(i);
    batch_.columns.emplace_back(columns[i].type);
  }
  nulls_.resize(sources_.size());
}

absl::Status TargetImport::Run(ViewWriter& view) {
  RETURN_IF_ERROR(Read());
  RETURN_IF_ERROR(CheckParts());
  if (roles_.person.has_value()) {
    ASSIGN_OR_RETURN(result_.persons, persons_.Count());
  }
  result_.tables.push_back({.rows = rows_, .nulls = std::move(nulls_)});
  return Write(view);
}

absl::Status TargetImport::Read() {
  ASSIGN_OR_RETURN(const Source source, OpenSource(table_));
  while (true) {
    ASSIGN_OR_RETURN(const bool record, source.records->Next());
    if (!record) break;
    RETURN_IF_ERROR(TakeRecord(*source.records));
    if (batch_.IsFull()) RETURN_IF_ERROR(PutBatchAside());
  }
  RETURN_IF_ERROR(PutBatchAside());
  RETURN_IF_ERROR(sorted_.Seal());
  watch_.Charge(result_.stages.order_ns);
  return absl::OkStatus();
}

absl::Status TargetImport::TakeRecord(const Records& records) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    const size_t field = sources_[i];
    RETURN_IF_ERROR(TakeValue(records, field, columns_[field], batch_.columns[i]));
  }
  ASSIGN_OR_RETURN(RowFacts facts, TakeFacts(records));
  facts_.push_back(facts);
  ++batch_.rows;
  if (rows_ + static_cast<int64_t>(batch_.rows) > kTableRowLimit) {
    return records.ErrorAt(0, absl::StrFormat("a table has at most %d rows", kTableRowLimit));
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetImport::RowFacts> TargetImport::TakeFacts(const Records& records) {
  RowFacts facts;
  if (roles_.split.has_value()) {
    ASSIGN_OR_RETURN(facts.part, TakePart(records));
  } else if (roles_.person.has_value() && records.IsMissing(*roles_.person)) {
    return records.ErrorAt(*roles_.person,
                           "the split is by person and this row names none; name one, leave the "
                           "row out, or give a split column");
  }
  if (roles_.weight.has_value()) {
    ASSIGN_OR_RETURN(facts.weight_thousandths, TakeWeight(records));
  }
  if (!records.IsMissing(roles_.label)) {
    ASSIGN_OR_RETURN(facts.label, TakeLabel(records));
    return facts;
  }
  // A row without label can be learnt from and cannot be scored.
  if (!roles_.split.has_value()) {
    facts.part =
        roles_.person.has_value() ? PartOf(PersonDigest(batch_.rows), spec_.shares) : Part::kTrain;
  }
  if (facts.part == Part::kTrain) return facts;
  return records.ErrorAt(roles_.label,
                         roles_.split.has_value()
                             ? "a public or final row must have a label"
                             : "the row's person is among those who are scored, so the row must "
                               "have a label; leave it out, or give a split column");
}

absl::StatusOr<Part> TargetImport::TakePart(const Records& records) const {
  const std::string_view word = records.Field(*roles_.split);
  if (word == "train") return Part::kTrain;
  if (word == "public") return Part::kPublic;
  if (word == "final") return Part::kFinal;
  return records.ErrorAt(*roles_.split, "the split must be one of train, public, final");
}

absl::StatusOr<int64_t> TargetImport::TakeLabel(const Records& records) const {
  absl::StatusOr<int64_t> exact = ParseMillionths(records.Field(roles_.label));
  if (exact.ok()) return exact;
  return records.ErrorAt(roles_.label, absl::StrFormat("the label %s", exact.status().message()));
}

absl::StatusOr<uint32_t> TargetImport::TakeWeight(const Records& records) const {
  const absl::StatusOr<int64_t> exact = ParseMillionths(records.Field(*roles_.weight));
  if (!exact.ok() || *exact < 0 || *exact > kWeightLimitMillionths || *exact % 1000 != 0) {
    return records.ErrorAt(*roles_.weight,
                           "a weight is a number from 0 to 4000000 with at most three decimals");
  }
  return static_cast<uint32_t>(*exact / 1000);
}

const Digest& TargetImport::PersonDigest(size_t row) {
  const ColumnData& persons = batch_.columns[person_place_];
  // As the value, not as its spelling: 7 and 007 are one person in a column of integers.
  std::string person = persons.type() == contest::ColumnType::kText
                           ? std::string(persons.Text(row))
                           : absl::StrCat(persons.Integer(row));
  if (!last_person_digest_.has_value() || person != last_person_) {
    last_person_digest_ = keys_.OfPerson(person);
    last_person_ = std::move(person);
  }
  return *last_person_digest_;
}

absl::Status TargetImport::PutBatchAside() {
  watch_.Charge(result_.stages.read_ns);
  const bool by_person = roles_.person.has_value();
  for (size_t row = 0; row < batch_.rows; ++row) {
    const RowFacts& facts = facts_[row];
    const int64_t number = rows_ + static_cast<int64_t>(row);
    const bool has_person = by_person && !batch_.columns[person_place_].IsMissing(row);
    const Part part = facts.part.has_value() ? *facts.part
                      : by_person            ? PartOf(PersonDigest(row), spec_.shares)
                                             : PartOf(keys_.OfRow(number), spec_.shares);
    RETURN_IF_ERROR(Count(facts, part));
    if (has_person) {
      RETURN_IF_ERROR(
          persons_.See(PersonDigest(row), part == Part::kTrain ? Side::kTrain : Side::kScored));
    }
    Head head{};
    head.label = facts.label.value_or(0);
    head.weight_thousandths = facts.weight_thousandths;
    head.part = part;
    packed_.resize(sizeof(head));
    std::memcpy(packed_.data(), &head, sizeof(head));
    PackRow(batch_, row, packed_);
    RETURN_IF_ERROR(sorted_.Add(KeyOf(order_.Of(number), part), packed_));
  }
  rows_ += static_cast<int64_t>(batch_.rows);
  for (size_t i = 0; i < nulls_.size(); ++i) nulls_[i] += batch_.columns[i].CountMissing();
  batch_.Clear();
  facts_.clear();
  watch_.Charge(result_.stages.order_ns);
  return absl::OkStatus();
}

absl::Status TargetImport::Count(const RowFacts& facts, Part part) {
  const bool counts = facts.weight_thousandths > 0;
  switch (part) {
    case Part::kTrain:
      ++result_.train_rows;
      if (facts.label.has_value()) result_.train_labels.See(*facts.label);
      return absl::OkStatus();
    case Part::kPublic:
      ++result_.public_rows;
      public_counts_ = public_counts_ || counts;
      return absl::OkStatus();
    case Part::kFinal:
      ++result_.final_rows;
      final_counts_ = final_counts_ || counts;
      return absl::OkStatus();
  }
  return absl::InternalError("a row of no part");
}

absl::Status TargetImport::CheckParts() const {
  if (result_.train_rows == 0 || result_.public_rows == 0 || result_.final_rows == 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %d rows to train on, %d public, %d final: each needs at least one",
                        table_.file, result_.train_rows, result_.public_rows, result_.final_rows));
  }
  if (public_counts_ && final_counts_) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: every %s row has weight 0, so there would be nothing to score",
                      table_.file, public_counts_ ? "final" : "public"));
}

ViewTable TargetImport::TrainTable() const {
  ViewTable train{.name = table_.name, .columns = {}, .places = {}};
  for (size_t i = 0; i < sources_.size(); ++i) {
    train.columns.push_back(columns_[sources_[i]]);
    train.places.push_back(i);
  }
  return train;
}

ViewTable TargetImport::PredictTable() const {
  ViewTable predict{
      .name = "predict", .columns = {}, .places = {}, .row_numbers = RowNumbers::kFirstColumn};
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i] == roles_.label || sources_[i] == roles_.weight) continue;
    predict.columns.push_back(columns_[sources_[i]]);
    predict.places.push_back(i);
  }
  return predict;
}

absl::Status TargetImport::Write(ViewWriter& view) {
  ASSIGN_OR_RETURN(OutputFile labels, OutputFile::Create(staged_.Path(kLabelsFile), 0600));
  RETURN_IF_ERROR(view.Begin(TrainTable()));
  bool scored = false;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, sorted_.Next());
    if (!more) break;
    Head head;
    std::memcpy(&head, sorted_.record().data(), sizeof(head));
    if (head.part != Part::kTrain) {
      if (!scored) {
        RETURN_IF_ERROR(FlushBatch(view));
        RETURN_IF_ERROR(view.End());
        RETURN_IF_ERROR(view.Begin(PredictTable()));
        scored = true;
      }
      const ScoredSet set = head.part == Part::kPublic ? ScoredSet::kPublic : ScoredSet::kFinal;
      RETURN_IF_ERROR(WriteLabel(labels, head.label, set, head.weight_thousandths));
    }
    UnpackRow(sorted_.record().substr(sizeof(head)), batch_);
    if (batch_.IsFull()) RETURN_IF_ERROR(FlushBatch(view));
  }
  RETURN_IF_ERROR(FlushBatch(view));
  RETURN_IF_ERROR(view.End());
  RETURN_IF_ERROR(labels.Finish());
  watch_.Charge(result_.stages.columns_ns);
  return absl::OkStatus();
}

absl::Status TargetImport::FlushBatch(ViewWriter& view) {
  watch_.Charge(result_.stages.order_ns);
  RETURN_IF_ERROR(view.AppendRows(batch_));
  watch_.Charge(result_.stages.rows_ns);
  RETURN_IF_ERROR(view.AppendColumns(batch_));
  batch_.Clear();
  watch_.Charge(result_.stages.columns_ns);
  return absl::OkStatus();
}

}  // namespace pinhole::dataset
