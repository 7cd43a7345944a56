#include "server/system/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole {
namespace {

constexpr int kBacklog = 8;

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the socket path \"%s\" must have 1 to %d bytes; choose a shorter folder",
                        path, sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::StatusOr<UniqueFd> NewSocket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "make a Unix socket");
  return fd;
}

absl::Status RemoveStaleSocket(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrFormat("look at %s", path));
  }
  if (!S_ISSOCK(found.st_mode)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "%s exists and is not a socket; move it away or choose another path", path));
  }
  if (::unlink(path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("remove the old socket %s", path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> ListenUnix(const std::string& path, const SocketAccess& access) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  ASSIGN_OR_RETURN(UniqueFd fd, NewSocket());
  RETURN_IF_ERROR(RemoveStaleSocket(path));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("bind %s", path));
  }
  // Until listen() every connect is refused, so the owner and mode are right before the first one.
  if (::lchown(path.c_str(), access.owner, access.group) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("set the owner of %s", path));
  }
  if (::chmod(path.c_str(), access.mode) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("set the mode of %s", path));
  }
  if (::listen(fd.get(), kBacklog) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("listen on %s", path));
  }
  return fd;
}

absl::StatusOr<UniqueFd> AcceptUnix(int listener, Deadline deadline) {
  while (true) {
    RETURN_IF_ERROR(WaitReadable(listener, deadline));
    UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.valid()) return fd;
    // The peer may have gone between poll and accept.
    if (errno != EINTR && errno != EAGAIN && errno != ECONNABORTED) {
      return absl::ErrnoToStatus(errno, "accept a connection");
    }
  }
}

absl::StatusOr<UniqueFd> ConnectUnix(const std::string& path) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  ASSIGN_OR_RETURN(UniqueFd fd, NewSocket());
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno == EINTR) continue;
    if (errno == ECONNREFUSED || errno == EAGAIN) {
      return absl::UnavailableError(absl::StrFormat("nobody listens on %s", path));
    }
    return absl::ErrnoToStatus(errno, absl::StrFormat("connect to %s", path));
  }
  return fd;
}

}  // namespace pinhole
