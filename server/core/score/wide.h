// Whole numbers of 128 bits, for sums of squares.
#pragma once

#include <cstdint>

namespace pinhole::score {

__extension__ using Wide = unsigned __int128;

// True when n * each >= sum. A product that does not fit 128 bits is larger than any sum that does.
inline bool ProductReaches(uint64_t n, Wide each, Wide sum) {
  Wide product;
  return __builtin_mul_overflow(static_cast<Wide>(n), each, &product) || product >= sum;
}

}  // namespace pinhole::score
