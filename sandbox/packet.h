// Sends one packet with descriptors, and receives one, on the client's side of a lane.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pinhole::sandbox {

// `descriptors` stay the caller's. Errors: UNAVAILABLE when the launcher is gone; else errno of the
// socket.
absl::Status SendPacket(int socket, std::span<const std::byte> packet,
                        std::span<const int> descriptors);

// Waits for one packet and returns its length, 0 when the launcher has ended. Takes no descriptors.
// Errors as above.
absl::StatusOr<size_t> ReceivePacket(int socket, std::span<std::byte> packet);

// Who sent a packet, as the kernel saw it.
struct Sender {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

// Has the kernel name the sender of each packet that comes from here on.
absl::Status NameSenders(int socket);

// As ReceivePacket, on a socket with NameSenders. Errors: also INTERNAL when no sender is named.
absl::StatusOr<size_t> ReceivePacket(int socket, std::span<std::byte> packet, Sender* sender);

}  // namespace pinhole::sandbox
