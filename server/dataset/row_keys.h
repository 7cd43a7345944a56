// Where chance decides about a row: its place in the view, and its part when the split is by hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/core/base/sha256.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/spill_sort.h"

namespace pinhole::dataset {

enum class Part : uint8_t { kTrain, kPublic, kFinal };

// By HMAC-SHA-256 with the data set's key: as good as random without it, with it always the same.
// Digests are read big-endian. Not thread-safe.
class RowKeys {
 public:
  // Copies `table`, the name of the target.
  RowKeys(ByteView key, std::string_view table) : hmac_(key), table_(table) {}

  // Of HMAC(table ":" row), the row of the source from 0 in decimal.
  Digest OfRow(int64_t row);
  // Of HMAC(table ":person:" person).
  Digest OfPerson(std::string_view person);

 private:
  HmacSha256Key hmac_;
  std::string table_;
  std::string message_;
};

// Rows are stored by the first half of their row's digest.
SortKey OrderOf(const Digest& digest);

// By the last 8 bytes, which tell nothing of the first half: each part gets its share of 2^64.
Part PartOf(const Digest& digest, const Shares& shares);

}  // namespace pinhole::dataset
