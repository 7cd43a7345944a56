// One packet at a time on the lane's socket.
#include "sandbox/packet.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox {
namespace {

// A peer that ended says so in one of two ways, depending on what it had left unread.
absl::Status SocketError(int error, const char* doing) {
  if (error == EPIPE || error == ECONNRESET) {
    return absl::UnavailableError("the lane's launcher is gone");
  }
  return absl::ErrnoToStatus(error, doing);
}

}  // namespace

absl::Status SendPacket(int socket, std::span<const std::byte> packet,
                        std::span<const int> descriptors) {
  if (descriptors.size() > protocol::kSlotCount) {
    return absl::InvalidArgumentError("too many descriptors for one packet");
  }
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * protocol::kSlotCount)> control{};
  iovec body{const_cast<std::byte*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return SocketError(errno, "send to the lane's launcher");
  return absl::OkStatus();
}

absl::StatusOr<size_t> ReceivePacket(int socket, std::span<std::byte> packet) {
  ssize_t got = 0;
  do {
    got = ::recv(socket, packet.data(), packet.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return SocketError(errno, "receive from the lane's launcher");
  return static_cast<size_t>(got);
}

absl::Status NameSenders(int socket) {
  const int on = 1;
  if (::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    return absl::ErrnoToStatus(errno, "have the lane's launcher named");
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> ReceivePacket(int socket, std::span<std::byte> packet, Sender* sender) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  iovec body{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return SocketError(errno, "receive from the lane's launcher");
  if (got == 0) return 0;
  const cmsghdr* part = CMSG_FIRSTHDR(&message);
  if (part == nullptr || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) {
    return absl::InternalError("the kernel did not name the lane's launcher");
  }
  ucred named{};
  std::memcpy(&named, CMSG_DATA(part), sizeof named);
  *sender = {.pid = named.pid, .uid = named.uid, .gid = named.gid};
  return static_cast<size_t>(got);
}

}  // namespace pinhole::sandbox
