// Writes what a box sees under /data: contest.db and the flat columns (MODEL.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/dataset/column_data.h"
#include "server/storage/transaction.h"

namespace pinhole::dataset {

struct ViewColumn {
  std::string name;
  const ColumnData* data;  // borrowed for the call
};

// Whether the table starts with `row`, 0 … n-1, as its primary key.
enum class RowNumbers { kNone, kFirstColumn };

struct ViewTable {
  std::string name;
  std::vector<ViewColumn> columns;
  RowNumbers row_numbers = RowNumbers::kNone;
  std::vector<uint32_t> rows;  // which rows of the data, in the order they are written
};

// Fills an empty folder, once. Files have mode 0640, folders 0750; nothing is synced. Moves, never
// copies.
//
// contest.db: STRICT tables in the rollback format, which a reader may open immutable=1.
// columns/<table>/<column>.<type>: little-endian values; str as <column>.offsets.i64 (one more than
// rows, the first 0) and <column>.bytes; <column>.valid.i8 (1 present, 0 missing) where any is
// missing, whose value is 0 or empty. columns/schema.json names them.
class ViewWriter {
 public:
  static absl::StatusOr<ViewWriter> Create(std::string folder);

  absl::Status Write(const ViewTable& table);

  // Ends contest.db and writes schema.json.
  absl::Status Finish(std::string_view target, std::string_view label);

 private:
  ViewWriter(std::string folder, storage::Database database, storage::Transaction transaction)
      : folder_(std::move(folder)),
        database_(std::move(database)),
        transaction_(std::move(transaction)) {}

  absl::Status WriteRows(const ViewTable& table);
  absl::Status WriteColumns(const ViewTable& table);

  std::string folder_;
  storage::Database database_;
  storage::Transaction transaction_;
  std::string schema_tables_;  // JSON objects of the tables so far
};

}  // namespace pinhole::dataset
