// Where chance decides about a row: its place in the view, and its part when the split is by hash.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/core/base/sha256.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/spill_sort.h"

namespace pinhole::dataset {

enum class Part : uint8_t { kTrain, kPublic, kFinal };

// The split, by HMAC-SHA-256 with the data set's key: as good as random without it, with it always
// the same. Digests are read big-endian. Not thread-safe.
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

// Where rows are stored: by AES-256 of their number in the source, under a key of its own,
// HMAC(key, table ":order"). A block cipher costs a tenth of an HMAC, and as long as nobody has the
// key its values tell as little of the numbers, or of the split. Not thread-safe.
class RowOrder {
 public:
  RowOrder(ByteView key, std::string_view table);
  ~RowOrder();
  RowOrder(const RowOrder&) = delete;
  RowOrder& operator=(const RowOrder&) = delete;

  // The cipher's block of `row` (0 or more, as 16 big-endian bytes), read big-endian. Fastest for
  // rows one after another, which are enciphered many at once.
  SortKey Of(int64_t row);

 private:
  struct Cipher;
  static constexpr int64_t kRowsAtOnce = 256;

  std::unique_ptr<Cipher> cipher_;
  int64_t first_ = -1;  // the row of blocks_[0], a multiple of kRowsAtOnce; -1 before the first
  std::array<uint8_t, kRowsAtOnce * 16> blocks_;
};

// By the last 8 bytes: each part gets its share of 2^64.
Part PartOf(const Digest& digest, const Shares& shares);

}  // namespace pinhole::dataset
