#include "server/core/counting/big_count.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace pinhole::counting {
namespace {

struct FreeContext {
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};

// BIGNUM's calls fail only without memory: nothing a caller could mend.
void Must(int result) {
  if (result != 1) std::abort();
}

}  // namespace

void BigCount::Free::operator()(BIGNUM* number) const { BN_free(number); }

BigCount::BigCount() : BigCount(0) {}
BigCount::BigCount(uint64_t value) : number_(BN_new()) {
  static_assert(sizeof(BN_ULONG) == 8);
  if (number_ == nullptr) std::abort();
  Must(BN_set_word(number_.get(), value));
}
BigCount::BigCount(const BigCount& other) : number_(BN_dup(other.number_.get())) {
  if (number_ == nullptr) std::abort();
}
BigCount& BigCount::operator=(const BigCount& other) {
  if (this != &other && BN_copy(number_.get(), other.number_.get()) == nullptr) std::abort();
  return *this;
}
BigCount::BigCount(BigCount&&) noexcept = default;
BigCount& BigCount::operator=(BigCount&&) noexcept = default;
BigCount::~BigCount() = default;

BigCount& BigCount::operator+=(const BigCount& other) {
  Must(BN_add(number_.get(), number_.get(), other.number_.get()));
  return *this;
}

BigCount& BigCount::operator*=(const BigCount& other) {
  const std::unique_ptr<BN_CTX, FreeContext> context(BN_CTX_new());
  Must(BN_mul(number_.get(), number_.get(), other.number_.get(), context.get()));
  return *this;
}

BigCount& BigCount::operator*=(uint64_t factor) {
  Must(BN_mul_word(number_.get(), factor));
  return *this;
}

BigCount& BigCount::DivideExactly(uint64_t divisor) {
  if (BN_div_word(number_.get(), divisor) != 0) std::abort();  // the caller's promise is broken
  return *this;
}

std::strong_ordering BigCount::operator<=>(const BigCount& other) const {
  return BN_cmp(number_.get(), other.number_.get()) <=> 0;
}

std::string BigCount::ToHex() const {
  char* raw = BN_bn2hex(number_.get());
  if (raw == nullptr) std::abort();
  std::string hex(raw);
  OPENSSL_free(raw);
  for (char& c : hex) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  const size_t digit = hex.find_first_not_of('0');
  return digit == std::string::npos ? "0" : hex.substr(digit);
}

absl::StatusOr<BigCount> BigCount::FromHex(std::string_view text) {
  if (text.empty() || text.size() > 40'000 || (text.size() > 1 && text[0] == '0') ||
      text.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return absl::InvalidArgumentError("not a count in lower-case hex");
  }
  BigCount count;
  BIGNUM* number = count.number_.get();
  if (BN_hex2bn(&number, std::string(text).c_str()) == 0) std::abort();
  return count;
}

Bits BigCount::CeilLog2() const {
  // The top 64 bits carry the fraction: log2 N = shift + log2(top), and a long double has 64 bits
  // of mantissa, so the error is below 2^-50 even for counts of a million bits. Only a power of two
  // lies exactly on a thousandth; it is taken exactly.
  const int length = BN_num_bits(number_.get());
  if (length <= 0) std::abort();
  int lowest_set = 0;
  while (BN_is_bit_set(number_.get(), lowest_set) == 0) ++lowest_set;
  if (lowest_set == length - 1) return Bits::Whole(length - 1);
  const int shift = length > 64 ? length - 64 : 0;
  const std::unique_ptr<BIGNUM, Free> top(BN_new());
  Must(BN_rshift(top.get(), number_.get(), shift));
  const auto mantissa = static_cast<long double>(BN_get_word(top.get()));
  const long double thousandths =
      std::ceil((static_cast<long double>(shift) + std::log2(mantissa)) * 1000.0L);
  // Just above a power of two the fraction is lost in the mantissa: rounded up it is at least one
  // thousandth.
  return std::max(Bits{static_cast<int64_t>(thousandths)}, Bits{int64_t{length - 1} * 1000 + 1});
}

BigCount Binomial(int64_t n, int64_t k) {
  if (k < 0 || n < 0 || k > n) return BigCount(0);
  if (k > n - k) k = n - k;
  BigCount result(1);
  for (int64_t i = 1; i <= k; ++i) {
    result *= static_cast<uint64_t>(n - k + i);
    result.DivideExactly(static_cast<uint64_t>(i));
  }
  return result;
}

}  // namespace pinhole::counting
