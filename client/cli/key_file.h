// Ed25519 key files: text "pinhole-key-v1" and the seed, readable by their owner alone.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"

namespace pinhole::cli {

std::string FormatKey(const SigningKey& key);
absl::StatusOr<SigningKey> ParseKey(std::string_view text);

// A key from fresh random bytes.
SigningKey NewKey();

// Creates `path` with mode 0600. Errors: ALREADY_EXISTS: a key is never overwritten; else the
// errno.
absl::Status WriteKeyFile(const std::string& path, const SigningKey& key);

// Errors: NOT_FOUND …; INVALID_ARGUMENT when the file is no key; PERMISSION_DENIED when others may
// read it.
absl::StatusOr<SigningKey> ReadKeyFile(const std::string& path);

}  // namespace pinhole::cli
