// The front's settings, pinholed.toml: few, strict, all written down by `pinholed init`.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/front/limits.h"

namespace pinhole::front {

struct Config {
  std::string listen;          // "host:port"; port 0 lets the system choose
  std::string vault_socket;    // path of the vault's Unix socket
  std::string log_vkey;        // C2SP vkey of the ledger
  std::string public_folder;   // where the ledger is kept as static files; empty: nowhere
  std::string witness_folder;  // where heads that wait for witnesses are shown; empty: nowhere
  Limits limits;
};

inline constexpr std::string_view kDefaultListen = "127.0.0.1:7443";

// Errors: INVALID_ARGUMENT that names the setting: unknown, missing, of the wrong kind, not well
// formed, or out of its range.
absl::StatusOr<Config> ParseConfig(std::string_view toml);

// The file with its comments; limits that have their defaults are comments, too. Errors: as
// ParseConfig of what it would write.
absl::StatusOr<std::string> FormatConfig(const Config& config);

}  // namespace pinhole::front
