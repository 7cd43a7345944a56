// The client of a lane whose launcher a unit starts: a path instead of a child.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "sandbox/lane_impl.h"
#include "sandbox/packet.h"

namespace pinhole::sandbox {
namespace {

absl::StatusOr<UniqueFd> ConnectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a lane's socket has a path of 1 to %d bytes, and this one has %d",
                        sizeof address.sun_path - 1, path.size()));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return absl::ErrnoToStatus(errno, "make the lane's socket");
  int result = 0;
  do {
    result = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "no lane at %s: %s. Start its unit, pinhole-lane@N.socket", path, std::strerror(errno)));
  }
  return socket;
}

}  // namespace

absl::StatusOr<Lane> Lane::Connect(const LaneSocket& lane) {
  if (lane.view_path.size() >= protocol::kPathBytes ||
      (!lane.view_path.empty() && lane.view_path[0] != '/')) {
    return absl::InvalidArgumentError("view_path has to be absolute and shorter than 4096 bytes");
  }
  absl::StatusOr<UniqueFd> socket = ConnectTo(lane.path);
  if (!socket.ok()) return socket.status();
  auto impl = std::make_unique<Impl>(*std::move(socket));
  if (absl::Status status = impl->Greet(lane); !status.ok()) return status;
  absl::StatusOr<Promise> promise = PromiseOf(lane, impl->launcher(), impl->accounting());
  if (!promise.ok()) return promise.status();
  if (absl::Status status = impl->CheckBoxes(*std::move(promise)); !status.ok()) return status;
  return Lane(std::move(impl));
}

absl::Status Lane::Impl::Greet(const LaneSocket& lane) {
  if (absl::Status status = NameSenders(socket_.get()); !status.ok()) return status;
  protocol::Hello hello;
  hello.core = lane.core.value_or(-1);
  hello.accounting = protocol::Accounting::kOwn;
  std::memcpy(hello.view_path, lane.view_path.data(), lane.view_path.size());
  absl::Status status =
      Hear(SendPacket(socket_.get(), std::as_bytes(std::span(&hello, 1)), {}),
           absl::StrFormat("at %s (it serves the user alone that its unit names)", lane.path));
  if (status.ok() && facts_.pid > 0) {
    process_.Reset(static_cast<int>(::syscall(SYS_pidfd_open, facts_.pid, 0)));
  }
  return status;
}

}  // namespace pinhole::sandbox
