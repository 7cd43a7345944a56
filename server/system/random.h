// Random bytes from the kernel, for keys, salts and nonces.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace pinhole {

// Fills `out` by getrandom(2). A kernel that gives none ends the process: no caller has a safe way
// to go on. Thread-safe.
void FillRandom(std::span<uint8_t> out);

template <size_t N>
std::array<uint8_t, N> RandomBytes() {
  std::array<uint8_t, N> bytes;
  FillRandom(bytes);
  return bytes;
}

}  // namespace pinhole
