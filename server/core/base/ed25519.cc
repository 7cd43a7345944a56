#include "server/core/base/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "server/core/base/status.h"

namespace pinhole {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Key PrivateKey(const std::array<uint8_t, 32>& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  if (key == nullptr) std::abort();  // only without memory: every 32 bytes are a seed
  return key;
}

}  // namespace

absl::StatusOr<PublicKey> PublicKey::FromHex(std::string_view text) {
  PublicKey key;
  ASSIGN_OR_RETURN(key.bytes, HexDecodeArray<32>(text));
  return key;
}

SigningKey::SigningKey(const std::array<uint8_t, 32>& seed) : seed_(seed) {
  const Key key = PrivateKey(seed_);
  size_t length = public_key_.bytes.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), public_key_.bytes.data(), &length) != 1) std::abort();
}

SigningKey::~SigningKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

SigningKey SigningKey::FromSeed(const std::array<uint8_t, 32>& seed) { return SigningKey(seed); }

absl::StatusOr<SigningKey> SigningKey::FromSeedHex(std::string_view text) {
  ASSIGN_OR_RETURN(const auto seed, HexDecodeArray<32>(text));
  return SigningKey(seed);
}

Signature SigningKey::Sign(std::string_view message) const {
  const Key key = PrivateKey(seed_);
  const Context context(EVP_MD_CTX_new());
  Signature signature;
  size_t length = signature.size();
  const ByteView bytes = AsBytes(message);
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &length, bytes.data(), bytes.size()) != 1) {
    std::abort();
  }
  return signature;
}

bool Verify(const PublicKey& key, std::string_view message, const Signature& signature) {
  const Key public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  if (public_key == nullptr) return false;
  const Context context(EVP_MD_CTX_new());
  const ByteView bytes = AsBytes(message);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes.data(),
                          bytes.size()) == 1;
}

}  // namespace pinhole
