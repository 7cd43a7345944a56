// One column of some rows in memory, packed by its type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/contest/data_shape.h"

namespace pinhole::dataset {

// Fixed types take their own width a row (i8: 1 byte … f64: 8; date: 4), text its bytes and 8 more.
// A missing value reads as 0 or empty. Rows count from 0. Append as the type says: AppendInteger
// for i8 … i64 and the days of a date, AppendReal for f32 and f64 (rounded to the type), AppendText
// for str.
class ColumnData {
 public:
  explicit ColumnData(contest::ColumnType type);

  contest::ColumnType type() const { return type_; }
  size_t rows() const { return rows_; }
  size_t bytes() const;  // of memory in use, about

  void AppendInteger(int64_t value);  // must fit the type
  void AppendReal(double value);
  void AppendText(std::string_view value);
  void AppendFixedBytes(std::string_view value);  // as FixedBytes gives them
  void AppendMissing();
  void Clear();  // no rows; keeps the memory for the next ones

  bool IsMissing(size_t row) const { return row < missing_.size() && missing_[row] != 0; }
  bool HasMissing() const { return !missing_.empty(); }
  int64_t CountMissing() const;
  int64_t Integer(size_t row) const;
  double Real(size_t row) const;
  // Views are valid until the next append.
  std::string_view Text(size_t row) const;
  // The little-endian bytes of a value of a fixed type.
  std::string_view FixedBytes(size_t row) const { return AllBytes().substr(row * width_, width_); }
  // Those of all rows; of kText, the texts end to end.
  std::string_view AllBytes() const { return bytes_; }

 private:
  template <typename T>
  void AppendFixed(T value);
  template <typename T>
  T ReadFixed(size_t row) const;

  contest::ColumnType type_;
  size_t width_;
  size_t rows_ = 0;
  std::string bytes_;         // values of a fixed type, or the texts end to end
  std::vector<size_t> ends_;  // of the texts
  std::string missing_;       // '\1' where missing; as long as the last missing row needs
};

// Bytes of a value of a fixed type; 0 for kText.
size_t WidthOf(contest::ColumnType type);

}  // namespace pinhole::dataset
