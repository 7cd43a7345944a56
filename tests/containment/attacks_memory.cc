// Looks for what others left in memory: the test plants a text in its own memory and in runs before
// this one, and no page that the kernel hands out may hold it.
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

constexpr size_t kScanned = size_t{24} << 20;

// Spelled in two pieces, so that the program's own text is no find.
const char* Canary() {
  static char text[16];
  strcpy(text, "PINHOLE-");
  strcat(text, "CANARY");
  return text;
}

bool Holds(const char* place, size_t bytes) {
  const char* const canary = Canary();
  return memmem(place, bytes, canary, strlen(canary)) != nullptr;
}

bool AllZero(const char* place, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    if (place[i] != 0) return false;
  }
  return true;
}

// 0: some page was not empty.
int ScanMemory(const char*) {
  auto* mapped = static_cast<char*>(
      mmap(nullptr, kScanned, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (mapped == MAP_FAILED) return errno;
  auto* shared = static_cast<char*>(
      mmap(nullptr, kScanned / 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (shared == MAP_FAILED) return errno;
  auto* heap = static_cast<char*>(sbrk(kScanned / 8));
  const int file = open("/tmp/scan", O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, kScanned / 8) != 0) return errno;
  auto* scratch = static_cast<char*>(mmap(nullptr, kScanned / 8, PROT_READ, MAP_SHARED, file, 0));
  if (scratch == MAP_FAILED) return errno;
  const bool empty = AllZero(mapped, kScanned) && AllZero(shared, kScanned / 4) &&
                     AllZero(heap, kScanned / 8) && AllZero(scratch, kScanned / 8);
  return empty ? ENOENT : 0;
}

// What lies on the stack at the start and below it, and in the first pages of the heap. 0: found.
int ScanStack(const char*) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  char room[256 << 10];
  __asm__ volatile("" : : "r"(room) : "memory");  // read as it was found
  if (Holds(room, sizeof room)) return 0;
  const uintptr_t page_end = (here | 4095) + 1;
  return Holds(reinterpret_cast<const char*>(here), page_end - here) ? 0 : ENOENT;
}

// Fills memory, the stack, a pipe and /tmp with the text, for the next run to look for.
int PlantCanary(const char*) {
  auto* mapped = static_cast<char*>(
      mmap(nullptr, kScanned, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (mapped == MAP_FAILED) return errno;
  for (size_t at = 0; at + 16 <= kScanned; at += 16) memcpy(mapped + at, Canary(), 15);
  const int file = open("/tmp/planted", O_RDWR | O_CREAT, 0600);
  int ends[2];
  if (file < 0 || pipe(ends) != 0) return errno;
  if (write(file, mapped, kScanned / 8) < 0 || write(ends[1], mapped, 4096) < 0) return errno;
  return Holds(mapped, kScanned) ? 0 : EIO;
}

constexpr Attack kAttacks[] = {
    {"scan_memory", ScanMemory},
    {"scan_stack", ScanStack},
    {"plant_canary", PlantCanary},
};

}  // namespace

std::span<const Attack> MemoryAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
