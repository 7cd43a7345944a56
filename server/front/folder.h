// The front's folder: making it once, and reading what a start needs.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/front/config.h"

namespace pinhole::front {

// What a folder holds beside programs/: pinholed.toml, tls.key, tls.crt, pin, front.db.
inline std::string DatabasePath(const std::string& folder) { return folder + "/front.db"; }

// Makes the folder (0700) and all in it; returns the pin. Errors: ALREADY_EXISTS when the folder is
// there; INVALID_ARGUMENT for a setting; else the errno. A folder that could not be finished is
// removed again.
absl::StatusOr<std::string> InitFolder(const std::string& folder, const Config& config);

struct ServeFiles {
  Config config;
  std::string key_pem;
  std::string certificate_pem;
};
absl::StatusOr<ServeFiles> ReadFolder(const std::string& folder);

}  // namespace pinhole::front
