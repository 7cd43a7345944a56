// Turns the owner's files into a data set's folder: the view that a box may read, and the
// truth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"
#include "server/core/contest/data_shape.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/label_facts.h"
#include "server/dataset/person_counter.h"
#include "server/dataset/stages.h"

namespace pinhole::dataset {

// A table has at most so many rows: the DATASET entry declassifies each count as one of 2^32.
inline constexpr int64_t kTableRowLimit = 4'294'967'295;

// What was found in a source; for the operator's eyes, since it was measured on all rows.
struct TableFacts {
  int64_t rows = 0;
  std::vector<int64_t> nulls;  // of each column of the shape's table
};

struct ImportResult {
  contest::DataShape shape;
  int64_t train_rows = 0;
  int64_t public_rows = 0;
  int64_t final_rows = 0;
  std::vector<TableFacts> tables;        // as in the shape
  LabelFacts train_labels;               // of the training rows that have a label
  std::optional<PersonOverlap> persons;  // when the spec names a person column
  ImportStages stages;                   // 0 without a clock
};

// Imports into the new folder `destination` (layout: folder.h). view/ holds the target table with
// the training rows (without split column), the table `predict` with the scored rows (without
// split, label and weight), both in the order of RowKeys, and every other table whole, in the order
// of its source. Types are the shape's.
//
// The folder appears whole or not at all. Its group is the caller's to set. Memory does not grow
// with the rows: below 128 MiB for records of up to some KiB and some hundred columns (sorting 48,
// persons 60, labels 4, batches and files the rest), and a few times the longest record. Disk:
// beside the result, rows put aside, of about the size of the target's part of it, until the end.
//
// Errors: ALREADY_EXISTS for `destination`; INVALID_ARGUMENT with file, line and column (of a
// database: table, rowid and column) for malformed sources, values that do not fit, a split word
// that is none of train, public, final, a label with more than six decimals, a scored row without
// label, a bad weight; INVALID_ARGUMENT for names that a shape or SQLite does not take and for a
// set without rows or weight; else the errno.
absl::StatusOr<ImportResult> Import(const ImportSpec& spec, const std::string& destination,
                                    ByteView key, MonotonicClock clock = {});

// The mean label of the training rows, rounded to the nearest millionth, ties to even: the
// prediction of the simplest model there is. Errors: FAILED_PRECONDITION without a training label.
absl::StatusOr<int64_t> BaselinePredictionMillionths(const ImportResult& result);

}  // namespace pinhole::dataset
