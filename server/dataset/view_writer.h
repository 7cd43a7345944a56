// Writes what a box sees under /data: contest.db and the flat columns (MODEL.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/contest/data_shape.h"
#include "server/dataset/row_batch.h"
#include "server/storage/transaction.h"

namespace pinhole::dataset {

// Whether the table starts with `row`, 0 … n-1, as its primary key.
enum class RowNumbers { kNone, kFirstColumn };

struct ViewTable {
  std::string name;
  std::vector<contest::Column> columns;
  std::vector<size_t> places;  // of each column in the batches
  RowNumbers row_numbers = RowNumbers::kNone;
};

// Fills an empty folder, once, table after table, in portions: Begin, Append …, End. Memory: a few
// MiB and up to 128 KiB a column, however many rows. Files have mode 0640, folders 0750; nothing is
// synced. Moves, never copies.
//
// contest.db: STRICT tables in the rollback format, which a reader may open immutable=1; a date is
// TEXT "YYYY-MM-DD".
// columns/<table>/<column>.<type>: little-endian values; str as <column>.offsets.i64 (one more than
// rows, the first 0) and <column>.bytes; a date as <column>.i32, days since 1970-01-01;
// <column>.valid.i8 (1 present, 0 missing) where any is missing, whose value is 0 or empty.
// columns/schema.json names them.
class ViewWriter {
 public:
  static absl::StatusOr<ViewWriter> Create(std::string folder);
  ViewWriter(ViewWriter&&) noexcept;
  ~ViewWriter();

  absl::Status Begin(ViewTable table);
  // The batch's rows, once into contest.db and once into the columns.
  absl::Status AppendRows(const RowBatch& batch);
  absl::Status AppendColumns(const RowBatch& batch);
  absl::Status End();

  // Ends contest.db and writes schema.json.
  absl::Status Finish(const contest::DataShape& shape);

 private:
  class OpenTable;
  ViewWriter(std::string folder, storage::Database database, storage::Transaction transaction);

  std::string folder_;
  storage::Database database_;
  storage::Transaction transaction_;
  std::unique_ptr<OpenTable> table_;  // between Begin and End
  std::string schema_tables_;         // JSON objects of the tables so far
};

}  // namespace pinhole::dataset
