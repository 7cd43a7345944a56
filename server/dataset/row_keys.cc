#include "server/dataset/row_keys.h"

#include <openssl/evp.h>

#include <cstdlib>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"

namespace pinhole::dataset {
namespace {

constexpr size_t kBlockBytes = 16;

uint64_t BigEndian(const uint8_t* bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

void PutBigEndian(uint64_t value, uint8_t* bytes) {
  for (size_t i = 8; i-- > 0; value >>= 8) bytes[i] = static_cast<uint8_t>(value);
}

}  // namespace

Digest RowKeys::OfRow(int64_t row) {
  message_.clear();
  absl::StrAppend(&message_, table_, ":", row);
  return hmac_.Mac(AsBytes(message_));
}

Digest RowKeys::OfPerson(std::string_view person) {
  message_ = table_;
  message_ += ":person:";
  message_ += person;
  return hmac_.Mac(AsBytes(message_));
}

struct RowOrder::Cipher {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  Cipher() = default;
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;
  ~Cipher() { EVP_CIPHER_CTX_free(context); }
};

// OpenSSL fails here only without memory or without its AES: nothing a caller could mend.
RowOrder::RowOrder(ByteView key, std::string_view table) : cipher_(std::make_unique<Cipher>()) {
  const Digest own = HmacSha256(key, AsBytes(absl::StrFormat("%s:order", table)));
  if (EVP_EncryptInit_ex(cipher_->context, EVP_aes_256_ecb(), nullptr, own.data(), nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(cipher_->context, 0) != 1) {
    std::abort();
  }
}
RowOrder::~RowOrder() = default;

SortKey RowOrder::Of(int64_t row) {
  const int64_t first = row - row % kRowsAtOnce;
  if (first != first_) {
    first_ = first;
    blocks_ = {};
    for (int64_t i = 0; i < kRowsAtOnce; ++i) {
      PutBigEndian(static_cast<uint64_t>(first + i),
                   blocks_.data() + static_cast<size_t>(i) * kBlockBytes + 8);
    }
    const auto size = static_cast<int>(blocks_.size());
    int written = 0;
    if (EVP_EncryptUpdate(cipher_->context, blocks_.data(), &written, blocks_.data(), size) != 1 ||
        written != size) {
      std::abort();
    }
  }
  const uint8_t* const block = blocks_.data() + static_cast<size_t>(row - first) * kBlockBytes;
  return {.high = BigEndian(block), .low = BigEndian(block + 8)};
}

Part PartOf(const Digest& digest, const Shares& shares) {
  const auto total = static_cast<uint64_t>(shares.train + shares.public_rows + shares.final_rows);
  const absl::uint128 scaled = absl::uint128(BigEndian(digest.data() + 24)) * total;
  const auto ticket = static_cast<int64_t>(absl::Uint128High64(scaled));  // 0 … total - 1
  if (ticket < shares.train) return Part::kTrain;
  return ticket < shares.train + shares.public_rows ? Part::kPublic : Part::kFinal;
}

}  // namespace pinhole::dataset
