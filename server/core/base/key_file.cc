#include "server/core/base/key_file.h"

namespace pinhole {
namespace {
constexpr std::string_view kTitle = "pinhole-key-v1\nseed=";
}  // namespace

std::string FormatKeyFile(const SigningKey& key) {
  return std::string(kTitle) + key.SeedHex() + "\n";
}

absl::StatusOr<SigningKey> ParseKeyFile(std::string_view text) {
  if (!text.starts_with(kTitle) || !text.ends_with('\n')) {
    return absl::InvalidArgumentError("not a key file: `pinhole keygen FILE` makes one");
  }
  text.remove_prefix(kTitle.size());
  text.remove_suffix(1);
  return SigningKey::FromSeedHex(text);
}

}  // namespace pinhole
