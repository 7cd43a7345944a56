// Ed25519 key files on disk (server/core/base/key_file.h is their text), readable by their owner
// alone.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"

namespace pinhole::cli {

// A key from fresh random bytes.
SigningKey NewKey();

// Creates `path` with mode 0600. Errors: ALREADY_EXISTS: a key is never overwritten; else the
// errno.
absl::Status WriteKeyFile(const std::string& path, const SigningKey& key);

// Errors: NOT_FOUND …; INVALID_ARGUMENT when the file is no key; PERMISSION_DENIED when others may
// read it.
absl::StatusOr<SigningKey> ReadKeyFile(const std::string& path);

}  // namespace pinhole::cli
