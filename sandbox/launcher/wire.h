// One packet of the protocol, in or out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox::launcher {

inline constexpr int kMostDescriptors = protocol::kSlotCount;

// Received descriptors, closed on exec; the receiver owns them.
struct Descriptors {
  int fd[kMostDescriptors] = {-1, -1, -1, -1, -1, -1};
  int count = 0;
};

enum class Received { kMessage, kClosed, kBroken };

// Waits for one packet and copies it to `message`, which has room for `size` bytes. kBroken: not a
// packet of this protocol, cut short, or with more descriptors than kMostDescriptors; the caller
// ends.
Received Receive(int socket, void* message, size_t size, size_t* length, Descriptors* descriptors);

// Sends one packet whole. False: the client is gone.
bool Send(int socket, const void* message, size_t size);

}  // namespace pinhole::sandbox::launcher
