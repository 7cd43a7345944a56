#include "server/core/base/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>

namespace pinhole {

struct Sha256Hasher::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(md); }
};

// OpenSSL fails here only without memory or without its SHA-256: nothing a caller could mend.
Sha256Hasher::Sha256Hasher() : context_(std::make_unique<Context>()) {
  if (EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr) != 1) std::abort();
}
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::Update(ByteView bytes) {
  if (EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()) != 1) std::abort();
}

Digest Sha256Hasher::Finish() {
  Digest out;
  if (EVP_DigestFinal_ex(context_->md, out.data(), nullptr) != 1) std::abort();
  return out;
}

// RFC 2104: H(key ^ opad, H(key ^ ipad, message)), where both starts are hashed once.
struct HmacSha256Key::Contexts {
  Sha256Hasher::Context inner;
  Sha256Hasher::Context outer;
  Sha256Hasher::Context work;
};

HmacSha256Key::HmacSha256Key(ByteView key) : contexts_(std::make_unique<Contexts>()) {
  constexpr size_t kBlockBytes = 64;
  std::array<uint8_t, kBlockBytes> block{};
  if (key.size() > kBlockBytes) {
    const Digest digest = Sha256(key);
    std::copy(digest.begin(), digest.end(), block.begin());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  const auto start = [&block](EVP_MD_CTX* md, uint8_t pad) {
    std::array<uint8_t, kBlockBytes> padded = block;
    for (uint8_t& byte : padded) byte ^= pad;
    if (EVP_DigestInit_ex(md, EVP_sha256(), nullptr) != 1 ||
        EVP_DigestUpdate(md, padded.data(), padded.size()) != 1) {
      std::abort();
    }
    OPENSSL_cleanse(padded.data(), padded.size());
  };
  start(contexts_->inner.md, 0x36);
  start(contexts_->outer.md, 0x5c);
  OPENSSL_cleanse(block.data(), block.size());
}
HmacSha256Key::~HmacSha256Key() = default;
HmacSha256Key::HmacSha256Key(HmacSha256Key&&) noexcept = default;
HmacSha256Key& HmacSha256Key::operator=(HmacSha256Key&&) noexcept = default;

Digest HmacSha256Key::Mac(ByteView message) {
  EVP_MD_CTX* const work = contexts_->work.md;
  Digest out;
  if (EVP_MD_CTX_copy_ex(work, contexts_->inner.md) != 1 ||
      EVP_DigestUpdate(work, message.data(), message.size()) != 1 ||
      EVP_DigestFinal_ex(work, out.data(), nullptr) != 1 ||
      EVP_MD_CTX_copy_ex(work, contexts_->outer.md) != 1 ||
      EVP_DigestUpdate(work, out.data(), out.size()) != 1 ||
      EVP_DigestFinal_ex(work, out.data(), nullptr) != 1) {
    std::abort();
  }
  return out;
}

Digest Sha256(ByteView bytes) {
  Digest out;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr) != 1)
    std::abort();
  return out;
}

Digest HmacSha256(ByteView key, ByteView message) {
  Digest out;
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
           out.data(), &length) == nullptr) {
    std::abort();
  }
  return out;
}

}  // namespace pinhole
