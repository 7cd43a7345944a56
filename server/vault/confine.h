// The vault shuts itself in before it reads a private row: no network, no root, no new sockets or
// programs, no core files.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "server/vault/config.h"

namespace pinhole::vault {

// Enters an empty network namespace. Call as root, after the lanes and the socket are there.
// Without root it checks that no interface but loopback is there. Errors: FAILED_PRECONDITION when
// neither holds and the configuration does not name "network".
absl::Status LeaveNetwork(const Config& config);

// Gives up root for `user` and `groups`, for good. Errors: the errno; INTERNAL when root could be
// had back.
absl::Status BecomeUser(uid_t user, const std::vector<gid_t>& groups);

// From here on socket(), socketpair(), connect(), bind(), listen(), execve(), ptrace() and their
// kin fail with EPERM in every thread, the process leaves no core and cannot be traced. Sockets
// that are open stay usable. Errors: FAILED_PRECONDITION when the kernel refuses.
absl::Status DenySocketsAndPrograms();

}  // namespace pinhole::vault
