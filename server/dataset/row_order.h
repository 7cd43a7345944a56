// The order in which rows are stored: by a keyed hash, so that it tells nothing of the source.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "server/core/base/bytes.h"

namespace pinhole::dataset {

// `rows` (numbers of rows in the source, from 0) sorted by HMAC-SHA-256(key, table ":" row), the
// row in decimal. Without the key the order is as good as random; with it, always the same.
std::vector<uint32_t> KeyedOrder(ByteView key, std::string_view table, std::vector<uint32_t> rows);

}  // namespace pinhole::dataset
