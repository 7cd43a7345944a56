// A row as a run of bytes, to be put aside and read back by the same process.
#pragma once

#include <string>
#include <string_view>

#include "server/dataset/row_batch.h"

namespace pinhole::dataset {

// Appends row `row` of `batch` to `out`: a bit a column that says missing, then the present values,
// fixed types as they lie in memory, texts after their length.
void PackRow(const RowBatch& batch, size_t row, std::string& out);

// Appends a row that PackRow packed to a batch of the same column types.
void UnpackRow(std::string_view packed, RowBatch& batch);

}  // namespace pinhole::dataset
