// SHA-256 (FIPS 180-4), by OpenSSL: one shot and as the bytes come.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/core/base/bytes.h"

namespace pinhole {

using Digest = std::array<uint8_t, 32>;

Digest Sha256(ByteView bytes);
inline Digest Sha256(std::string_view text) { return Sha256(AsBytes(text)); }

// HMAC-SHA-256 (RFC 2104).
Digest HmacSha256(ByteView key, ByteView message);

// A key for many HmacSha256: the same results, sooner. Not thread-safe.
class HmacSha256Key {
 public:
  explicit HmacSha256Key(ByteView key);
  ~HmacSha256Key();
  HmacSha256Key(HmacSha256Key&&) noexcept;
  HmacSha256Key& operator=(HmacSha256Key&&) noexcept;

  Digest Mac(ByteView message);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

// A hash under way. Not thread-safe; one Finish ends it.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  void Update(ByteView bytes);
  void Update(std::string_view text) { Update(AsBytes(text)); }
  Digest Finish();

 private:
  friend class HmacSha256Key;
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace pinhole
