// Stream sockets in the file system: the one way between front and vault on a machine.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/descriptor_io.h"
#include "server/system/unique_fd.h"

namespace pinhole {

// Who may connect: the mode and owner of the socket's file. -1 keeps the process's own.
struct SocketAccess {
  mode_t mode = 0600;
  uid_t owner = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
};

// A non-blocking listening socket at `path`. A socket file that an earlier process left is
// replaced; any other file there is refused with ALREADY_EXISTS. Nobody can connect before `access`
// holds. The file stays when the descriptor closes. Errors: INVALID_ARGUMENT for a path beyond 107
// bytes.
absl::StatusOr<UniqueFd> ListenUnix(const std::string& path, const SocketAccess& access);

// The next connection, non-blocking. Errors: DEADLINE_EXCEEDED.
absl::StatusOr<UniqueFd> AcceptUnix(int listener, Deadline deadline);

// A non-blocking connection to `path`. Errors: NOT_FOUND without the file; UNAVAILABLE when nobody
// listens or the queue is full: try again later.
absl::StatusOr<UniqueFd> ConnectUnix(const std::string& path);

}  // namespace pinhole
