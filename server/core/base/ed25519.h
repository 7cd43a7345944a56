// Ed25519 keys and signatures (RFC 8032), deterministic, by OpenSSL. The types keep secret and
// public apart.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"

namespace pinhole {

using Signature = std::array<uint8_t, 64>;

// 32 raw bytes of a public key. Ordered, so that it can be a map's key.
struct PublicKey {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const PublicKey&) const = default;

  std::string ToHex() const { return HexEncode(bytes); }
  // Errors: INVALID_ARGUMENT unless exactly 64 lower-case hex digits.
  static absl::StatusOr<PublicKey> FromHex(std::string_view text);
};

// A secret key, held as its 32-byte seed; wiped when it ends. No way to print it: SeedHex is for
// writing the key's own file.
class SigningKey {
 public:
  static SigningKey FromSeed(const std::array<uint8_t, 32>& seed);
  // Errors: INVALID_ARGUMENT unless exactly 64 lower-case hex digits.
  static absl::StatusOr<SigningKey> FromSeedHex(std::string_view text);
  ~SigningKey();
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  const PublicKey& public_key() const { return public_key_; }
  std::string SeedHex() const { return HexEncode(seed_); }
  Signature Sign(std::string_view message) const;

 private:
  explicit SigningKey(const std::array<uint8_t, 32>& seed);
  std::array<uint8_t, 32> seed_;
  PublicKey public_key_;
};

// True when `signature` is `key`'s over `message`.
bool Verify(const PublicKey& key, std::string_view message, const Signature& signature);

}  // namespace pinhole
