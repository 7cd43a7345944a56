#include "server/core/log/blinding.h"

#include <array>

#include "server/core/base/bytes.h"

namespace pinhole::log {

Digest BlindingAt(const Digest& secret, int64_t rounds, int64_t round) {
  Digest value = secret;
  for (int64_t at = rounds; at > round; --at) value = Sha256(AsText(value));
  return value;
}

bool Follows(const Digest& before, const Digest& value) { return Sha256(AsText(value)) == before; }

std::optional<Digest> Blinder::Of(int64_t index) const {
  if (!blinding_.has_value()) return std::nullopt;
  std::array<uint8_t, 8> number{};
  for (size_t i = 0; i < number.size(); ++i)
    number[i] = static_cast<uint8_t>(static_cast<uint64_t>(index) >> (56 - 8 * i));
  Sha256Hasher hash;
  hash.Update(*blinding_);
  hash.Update(number);
  return hash.Finish();
}

}  // namespace pinhole::log
