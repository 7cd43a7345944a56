// The flat files of one column (MODEL.md), written in portions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/contest/data_shape.h"
#include "server/dataset/column_data.h"
#include "server/dataset/output_file.h"

namespace pinhole::dataset {

// How a type is called in names of flat files: a date is an "i32".
std::string_view FlatTypeName(contest::ColumnType type);

// Moves, never copies. Finish must be called.
class ColumnFiles {
 public:
  // `stem` is the files' name up to the first dot. Errors: ALREADY_EXISTS, else the errno.
  static absl::StatusOr<ColumnFiles> Create(std::string stem, contest::ColumnType type);

  absl::Status Append(const ColumnData& data);
  absl::Status Finish();

  int64_t missing() const { return missing_; }

 private:
  ColumnFiles(std::string stem, OutputFile values)
      : stem_(std::move(stem)), values_(std::move(values)) {}

  absl::Status AppendOffsets(const ColumnData& data);
  absl::Status AppendValid(const ColumnData& data);

  std::string stem_;
  OutputFile values_;                  // or the bytes of the texts
  std::optional<OutputFile> offsets_;  // of texts
  int64_t text_end_ = 0;
  std::optional<OutputFile> valid_;  // from the first missing value on
  int64_t rows_ = 0;
  int64_t missing_ = 0;
};

}  // namespace pinhole::dataset
