// A program of a box that loads the machine or idles by the bits of a secret, one after the other:
// what somebody outside may feel.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "tests/redteam/real/secret.h"

namespace {

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void SleepUntil(int64_t when) {
  const int64_t left = when - Now();
  if (left <= 0) return;
  const timespec wait{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
  nanosleep(&wait, nullptr);
}

}  // namespace

int main() {
  pinhole::redteam::Modulation what;
  const int file = open("/data/secret", O_RDONLY | O_CLOEXEC);
  if (read(file, &what, sizeof what) != sizeof what || what.slots > 100'000) return 2;
  std::vector<char> bits(static_cast<size_t>(what.slots));
  if (read(file, bits.data(), bits.size()) != what.slots) return 3;
  std::vector<unsigned char> room(what.memory != 0 ? size_t{48} << 20 : 4096);
  uint64_t spin = 1;
  for (int64_t slot = 0; slot < what.slots; ++slot) {
    const int64_t end = what.start_ns + (slot + 1) * what.slot_ns;
    SleepUntil(end - what.slot_ns);
    while (bits[static_cast<size_t>(slot)] != 0 && Now() < end) {
      for (int i = 0; i < 2000; ++i) {
        spin = spin * 6364136223846793005 + 1442695040888963407;
        room[(spin >> 20) % room.size()] = static_cast<unsigned char>(spin);
      }
    }
    SleepUntil(end);
  }
  return room[0] == 0 && spin == 0 ? 1 : 0;
}
