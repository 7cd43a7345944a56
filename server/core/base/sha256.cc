#include "server/core/base/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

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
