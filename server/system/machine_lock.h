// One vault on a machine: what runs beside private runs shares caches and cores with them, and so
// could feel what they do. Against mistakes of whoever runs the machine, not against its users: a
// process that asks nobody is not stopped.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/unique_fd.h"

namespace pinhole {

// Where the packaged vault says that it serves. Its folder is the vault's unit's alone, and the
// file opens for nobody but its owner and root, so that no other user can hold it against the
// vault.
inline constexpr char kMachineLock[] = "/run/pinhole/machine.lock";

// Held as long as the descriptor is open, in this process or in one that inherited it. Made when it
// is not there. Errors: FAILED_PRECONDITION when another process holds it, or when others than this
// user could.
absl::StatusOr<UniqueFd> HoldMachine(const std::string& path);

// Errors: FAILED_PRECONDITION when a process holds it, or when it is another user's, who may hold
// it at any time.
absl::Status CheckMachineFree(const std::string& path);

}  // namespace pinhole
