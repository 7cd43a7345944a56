#include "server/dataset/column_files.h"

#include <sys/types.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::dataset {
namespace {

using contest::ColumnType;

constexpr mode_t kFileMode = 0640;

}  // namespace

std::string_view FlatTypeName(ColumnType type) {
  return contest::ColumnTypeName(type == ColumnType::kDate ? ColumnType::kI32 : type);
}

absl::StatusOr<ColumnFiles> ColumnFiles::Create(std::string stem, ColumnType type) {
  const bool text = type == ColumnType::kText;
  const std::string values_path =
      text ? stem + ".bytes" : absl::StrFormat("%s.%s", stem, FlatTypeName(type));
  ASSIGN_OR_RETURN(OutputFile values, OutputFile::Create(values_path, kFileMode));
  ColumnFiles files(std::move(stem), std::move(values));
  if (text) {
    ASSIGN_OR_RETURN(files.offsets_, OutputFile::Create(files.stem_ + ".offsets.i64", kFileMode));
    RETURN_IF_ERROR(files.offsets_->WriteInt64(0));
  }
  return files;
}

absl::Status ColumnFiles::Append(const ColumnData& data) {
  RETURN_IF_ERROR(values_.Write(data.AllBytes()));
  if (offsets_.has_value()) RETURN_IF_ERROR(AppendOffsets(data));
  if (valid_.has_value() || data.HasMissing()) RETURN_IF_ERROR(AppendValid(data));
  rows_ += static_cast<int64_t>(data.rows());
  return absl::OkStatus();
}

absl::Status ColumnFiles::AppendOffsets(const ColumnData& data) {
  for (size_t row = 0; row < data.rows(); ++row) {
    text_end_ += static_cast<int64_t>(data.Text(row).size());
    RETURN_IF_ERROR(offsets_->WriteInt64(text_end_));
  }
  return absl::OkStatus();
}

absl::Status ColumnFiles::AppendValid(const ColumnData& data) {
  if (!valid_.has_value()) {
    ASSIGN_OR_RETURN(valid_, OutputFile::Create(stem_ + ".valid.i8", kFileMode));
    const std::string present(4096, '\1');  // all rows so far
    for (int64_t left = rows_; left > 0;) {
      const int64_t count = std::min<int64_t>(left, static_cast<int64_t>(present.size()));
      RETURN_IF_ERROR(
          valid_->Write(std::string_view(present).substr(0, static_cast<size_t>(count))));
      left -= count;
    }
  }
  std::string valid(data.rows(), '\1');
  for (size_t row = 0; row < data.rows(); ++row) {
    if (!data.IsMissing(row)) continue;
    valid[row] = '\0';
    ++missing_;
  }
  return valid_->Write(valid);
}

absl::Status ColumnFiles::Finish() {
  RETURN_IF_ERROR(values_.Finish());
  if (offsets_.has_value()) RETURN_IF_ERROR(offsets_->Finish());
  if (valid_.has_value()) RETURN_IF_ERROR(valid_->Finish());
  return absl::OkStatus();
}

}  // namespace pinhole::dataset
