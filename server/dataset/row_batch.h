// Some rows of a table in memory: the portion in which rows travel from the source to the view.
#pragma once

#include <cstddef>
#include <vector>

#include "server/dataset/column_data.h"

namespace pinhole::dataset {

// A batch is passed on when it holds so many rows or bytes, whichever comes first; one record more
// may be in it.
inline constexpr size_t kBatchRows = 4096;
inline constexpr size_t kBatchBytes = size_t{8} << 20;

struct RowBatch {
  std::vector<ColumnData> columns;  // all of `rows` rows
  size_t rows = 0;

  bool IsFull() const {
    if (rows >= kBatchRows) return true;
    if (rows % 16 != 0) return false;  // bytes are looked at now and then
    size_t bytes = 0;
    for (const ColumnData& column : columns) bytes += column.bytes();
    return bytes >= kBatchBytes;
  }
  void Clear() {
    for (ColumnData& column : columns) column.Clear();
    rows = 0;
  }
};

}  // namespace pinhole::dataset
