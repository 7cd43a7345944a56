#include "server/dataset/column_data.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace pinhole::dataset {

using contest::ColumnType;

static_assert(std::endian::native == std::endian::little, "columns are written as they lie here");

size_t WidthOf(ColumnType type) {
  switch (type) {
    case ColumnType::kI8:
      return 1;
    case ColumnType::kI16:
      return 2;
    case ColumnType::kI32:
    case ColumnType::kF32:
    case ColumnType::kDate:
      return 4;
    case ColumnType::kI64:
    case ColumnType::kF64:
      return 8;
    case ColumnType::kText:
      return 0;
  }
  return 0;
}

ColumnData::ColumnData(ColumnType type) : type_(type), width_(WidthOf(type)) {}

size_t ColumnData::bytes() const {
  return bytes_.size() + ends_.size() * sizeof(size_t) + missing_.size();
}

template <typename T>
void ColumnData::AppendFixed(T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  bytes_.append(raw, sizeof(T));
  ++rows_;
}

template <typename T>
T ColumnData::ReadFixed(size_t row) const {
  T value;
  std::memcpy(&value, bytes_.data() + row * sizeof(T), sizeof(T));
  return value;
}

void ColumnData::AppendInteger(int64_t value) {
  switch (type_) {
    case ColumnType::kI8:
      return AppendFixed(static_cast<int8_t>(value));
    case ColumnType::kI16:
      return AppendFixed(static_cast<int16_t>(value));
    case ColumnType::kI32:
    case ColumnType::kDate:
      return AppendFixed(static_cast<int32_t>(value));
    default:
      return AppendFixed(value);
  }
}

void ColumnData::AppendReal(double value) {
  if (type_ == ColumnType::kF32) return AppendFixed(static_cast<float>(value));
  AppendFixed(value);
}

void ColumnData::AppendText(std::string_view value) {
  bytes_.append(value);
  ends_.push_back(bytes_.size());
  ++rows_;
}

void ColumnData::AppendFixedBytes(std::string_view value) {
  bytes_.append(value);
  ++rows_;
}

int64_t ColumnData::CountMissing() const {
  return std::count(missing_.begin(), missing_.end(), '\1');
}

void ColumnData::Clear() {
  rows_ = 0;
  bytes_.clear();
  ends_.clear();
  missing_.clear();
}

void ColumnData::AppendMissing() {
  missing_.resize(rows_, '\0');
  missing_.push_back('\1');
  if (type_ == ColumnType::kText) {
    AppendText({});
  } else if (type_ == ColumnType::kF32 || type_ == ColumnType::kF64) {
    AppendReal(0);
  } else {
    AppendInteger(0);
  }
}

int64_t ColumnData::Integer(size_t row) const {
  switch (type_) {
    case ColumnType::kI8:
      return ReadFixed<int8_t>(row);
    case ColumnType::kI16:
      return ReadFixed<int16_t>(row);
    case ColumnType::kI32:
    case ColumnType::kDate:
      return ReadFixed<int32_t>(row);
    default:
      return ReadFixed<int64_t>(row);
  }
}

double ColumnData::Real(size_t row) const {
  if (type_ == ColumnType::kF32) return static_cast<double>(ReadFixed<float>(row));
  return ReadFixed<double>(row);
}

std::string_view ColumnData::Text(size_t row) const {
  const size_t begin = row == 0 ? 0 : ends_[row - 1];
  return std::string_view(bytes_).substr(begin, ends_[row] - begin);
}

}  // namespace pinhole::dataset
