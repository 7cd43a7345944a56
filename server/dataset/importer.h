// Turns the owner's CSV files into a data set's folder: the view that a box may read, and the
// truth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"
#include "server/core/contest/data_shape.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/label_facts.h"

namespace pinhole::dataset {

// Persons by where they have rows. Where `both` is not 0, rows of the training set tell something
// of persons that are scored.
struct PersonOverlap {
  int64_t train = 0;
  int64_t scored = 0;
  int64_t both = 0;
};

struct ImportResult {
  contest::DataShape shape;
  int64_t train_rows = 0;
  int64_t public_rows = 0;
  int64_t final_rows = 0;
  LabelFacts train_labels;               // of the training rows that have a label
  std::optional<PersonOverlap> persons;  // when the spec names a person column
};

// Imports into the new folder `destination` (layout: folder.h). view/ holds the target table with
// the training rows (without split column), the table `predict` with the scored rows (without split
// and label), both in the order of KeyedOrder(key, target, row of the file), and every other table
// whole, in the order of its file. Types are the shape's; a field that is empty and unquoted is
// NULL.
//
// The folder appears whole or not at all. Its group is the caller's to set. Memory: one table at a
// time, packed by type, and 24 bytes a row of the target.
//
// Errors: ALREADY_EXISTS for `destination`; INVALID_ARGUMENT with file, line and column for
// malformed CSV, values that do not fit, a split word that is none of train, public, final, a label
// with more than six decimals, a scored row without label; INVALID_ARGUMENT for names that a shape
// or SQLite does not take and for a set without rows; else the errno.
absl::StatusOr<ImportResult> Import(const ImportSpec& spec, const std::string& destination,
                                    ByteView key);

// The mean label of the training rows, rounded to the nearest millionth, ties to even: the
// prediction of the simplest model there is. Errors: FAILED_PRECONDITION without a training label.
absl::StatusOr<int64_t> BaselinePredictionMillionths(const ImportResult& result);

}  // namespace pinhole::dataset
