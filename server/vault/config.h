// The vault's configuration file: strict, commented, written by `pinhole-vault init`.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/contest/policy.h"

namespace pinhole::vault {

struct Config {
  std::string
      name;  // of the ledger: its origin and its key's name, such as "vault.example/contest"
  std::string socket;  // where the front connects
  // Numeric ids, given together when the vault is started by root; it gives root up before it
  // serves. Without them the vault runs as who starts it, boxes too: a degraded mode that
  // `degraded` must name.
  std::optional<uid_t> user;
  std::optional<gid_t> front_group;  // may connect to the socket
  std::optional<gid_t> lanes_group;  // may read the view
  std::vector<uid_t> lane_users;     // one a lane
  int lanes = 1;                     // without lane_users
  // Lanes as units of their own: where lane N's unit listens, with %d for N, from 0. The vault then
  // needs no root, starts no lane, and shows the view to lanes_group. Instead of user and
  // lane_users.
  std::string lane_sockets;
  // Where the lanes' cgroups are made.
  enum class ControlGroup {
    kMachine,    // below the machine's own root; needs root
    kDelegated,  // below the unit's group: Delegate=yes, cgroup version 2; needs no privilege
  };
  ControlGroup control_group = ControlGroup::kMachine;
  std::string launcher;  // pinhole-box; empty: beside this program
  std::string scorer;    // pinhole-scorer; empty: beside this program
  // Kept free on the disk: below it nothing is admitted, so that the ledger always has room.
  int64_t keep_free_mib = 64;
  // Held while the vault serves, so that no other vault and no rehearsal runs beside it
  // (server/system/machine_lock.h); empty: nothing is. Required for a two-machine contest.
  std::string machine_lock;
  std::vector<std::string> degraded;  // named on purpose: "lane-users", "network", "cgroups"

  size_t lane_count() const {
    return lane_users.empty() ? static_cast<size_t>(lanes) : lane_users.size();
  }
  // Precondition: lane_sockets is set, and 0 <= lane < lane_count().
  std::string LaneSocket(int lane) const;
  int64_t KeepFreeBytes() const { return keep_free_mib << 20; }
  bool Allows(std::string_view degraded_mode) const;
};

// The degraded modes as a POLICY states them: those named, and lane-users when no lane has a user
// of its own, by lane_users or by its unit.
contest::Degraded DegradedOf(const Config& config);

// Errors: INVALID_ARGUMENT with the line, the key and what it takes.
absl::StatusOr<Config> ParseConfig(std::string_view toml, std::string_view file_name);

// The text that `init` writes, comments and all; ParseConfig reads it back to the same.
std::string FormatConfig(const Config& config);

}  // namespace pinhole::vault
