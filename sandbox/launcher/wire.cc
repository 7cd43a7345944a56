// One packet of the protocol, in or out: SOCK_SEQPACKET keeps the borders, SCM_RIGHTS brings the
// descriptors.
#include "sandbox/launcher/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace pinhole::sandbox::launcher {
namespace {

// A socket takes up to 253 descriptors in a packet; those that do not fit here are closed by the
// kernel, which says so.
void TakeDescriptors(msghdr* packet, Descriptors* descriptors) {
  for (cmsghdr* part = CMSG_FIRSTHDR(packet); part != nullptr; part = CMSG_NXTHDR(packet, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count && descriptors->count < kMostDescriptors; ++i) {
      memcpy(&descriptors->fd[descriptors->count++], CMSG_DATA(part) + i * sizeof(int),
             sizeof(int));
    }
  }
}

}  // namespace

Received Receive(int socket, void* message, size_t size, size_t* length, Descriptors* descriptors) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostDescriptors)];
  iovec body{message, size};
  msghdr packet{};
  packet.msg_iov = &body;
  packet.msg_iovlen = 1;
  packet.msg_control = control;
  packet.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &packet, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return Received::kClosed;
  if (got < 0) return Received::kBroken;
  TakeDescriptors(&packet, descriptors);
  if ((packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Received::kBroken;
  protocol::Header header{};
  if (static_cast<size_t>(got) < sizeof header) return Received::kBroken;
  memcpy(&header, message, sizeof header);
  if (header.magic != protocol::kMagic || header.version != protocol::kVersion) {
    return Received::kBroken;
  }
  *length = static_cast<size_t>(got);
  return Received::kMessage;
}

bool Send(int socket, const void* message, size_t size) {
  ssize_t sent = 0;
  do {
    sent = send(socket, message, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(size);
}

}  // namespace pinhole::sandbox::launcher
