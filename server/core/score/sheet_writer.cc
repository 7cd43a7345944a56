#include "server/core/score/sheet_writer.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/contest/validate.h"

namespace pinhole::score {

absl::Status Validate(const SheetHeader& header) {
  switch (Check(header)) {
    case SheetFault::kNone:
      return absl::OkStatus();
    case SheetFault::kScoring:
      RETURN_IF_ERROR(contest::Validate(header.scoring.scale));
      return absl::InvalidArgumentError(
          "score.range, score.best and score.worst can't be scored with this metric: check the "
          "contest file with its plan");
    case SheetFault::kNoRows:
      return absl::FailedPreconditionError(
          absl::StrFormat("a sheet of %d rows, %d of them public, scores nothing: mark rows of the "
                          "data set as public",
                          header.rows, header.public_rows));
    case SheetFault::kTooManyRows:
      return absl::InvalidArgumentError(
          absl::StrFormat("a sheet has at most %d rows and not more public rows than that; this "
                          "one has %d and %d: score fewer rows",
                          kMaxSheetRows, header.rows, header.public_rows));
    case SheetFault::kNoWeight:
      return absl::FailedPreconditionError(
          "the public rows, or the final rows, weigh nothing in all: give some of them a weight "
          "above 0, or say score.weights = \"equal\"");
    case SheetFault::kWeights:
      return absl::InvalidArgumentError(
          "the weights of the sheet contradict its rows: build it again from the data set");
    case SheetFault::kTooWide:
      return absl::FailedPreconditionError(
          absl::StrFormat("the weighted squared errors of %d rows within %s to %s do not fit 128 "
                          "bits: narrow score.range or the weights",
                          header.rows, FormatMillionths(header.scoring.range_low),
                          FormatMillionths(header.scoring.range_high)));
  }
  return absl::InternalError("a fault of a sheet without a text");
}

absl::StatusOr<SheetHeader> HeaderOf(const contest::Scoring& scoring,
                                     std::span<const SheetRow> rows) {
  SheetHeader header;
  header.scoring = scoring;
  header.rows = rows.size();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].label < scoring.range_low || rows[i].label > scoring.range_high) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the label of row %d is outside score.range %s to %s, so no prediction could reach it: "
          "widen score.range",
          i, FormatMillionths(scoring.range_low), FormatMillionths(scoring.range_high)));
    }
    header.public_rows += rows[i].set == RowSet::kPublic ? 1 : 0;
    header.label_sum += static_cast<uint64_t>(rows[i].label);
    if (scoring.weights == contest::RowWeights::kEqual) continue;
    header.weight += rows[i].weight;
    header.public_weight += rows[i].set == RowSet::kPublic ? rows[i].weight : 0;
  }
  RETURN_IF_ERROR(Validate(header));
  return header;
}

absl::StatusOr<std::vector<SheetRow>> ReadRows(ByteView records) {
  if (records.empty() || records.size() % kSheetRecordSize != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("labels of %d bytes are no records of %d bytes: they are cut off, or of "
                        "another version of Pinhole; import the data set again",
                        records.size(), kSheetRecordSize));
  }
  std::vector<SheetRow> rows;
  rows.reserve(records.size() / kSheetRecordSize);
  for (; !records.empty(); records = records.subspan(kSheetRecordSize)) {
    rows.push_back(DecodeSheetRow(records.first<kSheetRecordSize>()));
  }
  return rows;
}

absl::StatusOr<std::string> EncodeSheet(const contest::Scoring& scoring,
                                        std::span<const SheetRow> rows) {
  ASSIGN_OR_RETURN(const SheetHeader header, HeaderOf(scoring, rows));
  const auto head = EncodeSheetHeader(header);
  std::string sheet;
  sheet.reserve(kSheetHeaderSize + rows.size() * kSheetRecordSize);
  sheet.append(head.begin(), head.end());
  for (const SheetRow& row : rows) {
    const auto record = EncodeSheetRow(row);
    sheet.append(record.begin(), record.end());
  }
  return sheet;
}

}  // namespace pinhole::score
