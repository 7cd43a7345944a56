#include "server/dataset/row_order.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/sha256.h"

namespace pinhole::dataset {

std::vector<uint32_t> KeyedOrder(ByteView key, std::string_view table, std::vector<uint32_t> rows) {
  // Half a digest decides: two equal halves among 2^32 rows have probability below 2^-64.
  using Half = std::array<uint8_t, 16>;
  std::vector<std::pair<Half, uint32_t>> keyed;
  keyed.reserve(rows.size());
  for (const uint32_t row : rows) {
    const Digest digest = HmacSha256(key, AsBytes(absl::StrFormat("%s:%d", table, row)));
    Half half;
    std::copy_n(digest.begin(), half.size(), half.begin());
    keyed.emplace_back(half, row);
  }
  std::sort(keyed.begin(), keyed.end());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = keyed[i].second;
  return rows;
}

}  // namespace pinhole::dataset
