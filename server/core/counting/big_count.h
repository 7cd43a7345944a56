// Exact non-negative integers of any size, on OpenSSL's BIGNUM: how many transcripts there can be.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/counting/bits.h"

typedef struct bignum_st BIGNUM;

namespace pinhole::counting {

// A count. A value type; not thread-safe while it is written.
class BigCount {
 public:
  BigCount();  // 0
  explicit BigCount(uint64_t value);
  BigCount(const BigCount& other);
  BigCount& operator=(const BigCount& other);
  BigCount(BigCount&&) noexcept;
  BigCount& operator=(BigCount&&) noexcept;
  ~BigCount();

  BigCount& operator+=(const BigCount& other);
  BigCount& operator*=(const BigCount& other);
  BigCount& operator*=(uint64_t factor);
  // Exact division: the caller knows that `divisor` > 0 divides the count.
  BigCount& DivideExactly(uint64_t divisor);
  std::strong_ordering operator<=>(const BigCount& other) const;
  bool operator==(const BigCount& other) const { return (*this <=> other) == 0; }

  // Lower-case hex without leading zeros; "0" for zero.
  std::string ToHex() const;
  // Errors: INVALID_ARGUMENT for anything ToHex does not write, or above 40,000 digits.
  static absl::StatusOr<BigCount> FromHex(std::string_view text);

  // log2 of the count, rounded up to a thousandth of a bit. Needs a count of at least 1.
  Bits CeilLog2() const;

 private:
  struct Free {
    void operator()(BIGNUM* number) const;
  };
  std::unique_ptr<BIGNUM, Free> number_;
};

// C(n, k), exact; 0 when k < 0, n < 0 or k > n.
BigCount Binomial(int64_t n, int64_t k);

}  // namespace pinhole::counting
