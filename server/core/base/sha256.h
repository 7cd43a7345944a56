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
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace pinhole
