// The text of a key file: what `pinhole keygen` writes and owners and organizers keep.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"

namespace pinhole {

// "pinhole-key-v1\nseed=<64 hex digits>\n". Secret: the file is to be 0600.
std::string FormatKeyFile(const SigningKey& key);

// Errors: INVALID_ARGUMENT for any other text; never repeats it.
absl::StatusOr<SigningKey> ParseKeyFile(std::string_view text);

}  // namespace pinhole
