// The front's settings, pinholed.toml: few, strict, all written down by `pinholed init`.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pinhole::front {

struct Config {
  std::string listen;        // "host:port"; port 0 lets the system choose
  std::string vault_socket;  // path of the vault's Unix socket
  std::string log_vkey;      // C2SP vkey of the ledger
};

inline constexpr std::string_view kDefaultListen = "127.0.0.1:7443";

// Errors: INVALID_ARGUMENT that names the setting: unknown, missing, not a text, or not well
// formed.
absl::StatusOr<Config> ParseConfig(std::string_view toml);

// The file with its comments. Errors: as ParseConfig of what it would write.
absl::StatusOr<std::string> FormatConfig(const Config& config);

}  // namespace pinhole::front
