// What a contestant would submit who wants to tell a secret: by a bit of the private rows it runs
// into its limit of time, dies, or uses up its memory; or it ends well. What it predicts is never
// shown. Without a library, so that many fit into one exchange; which bit is patched into it.
#include <cstdint>

#include "tests/redteam/real/secret.h"

namespace {

// Found by its text in the program's file; the number follows it.
volatile const struct {
  char text[16];
  uint64_t index;
} kIndex = {"PINHOLE-INDEX:", 0};

constexpr long kRead = 0, kWrite = 1, kMap = 9, kExit = 231, kOpenAt = 257;
constexpr long kHere = -100;                              // AT_FDCWD
constexpr long kReadWrite = 3, kPrivateAnonymous = 0x22;  // of mmap

long Call(long number, long a, long b, long c, long d = 0, long e = 0, long f = 0) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

[[noreturn]] void End(long code) {
  while (true) Call(kExit, code, 0, 0);
}

bool SecretBit(uint64_t index) {
  static int64_t rows[pinhole::redteam::kSecretRows];
  const char path[] = "/data/columns/rows/x.i64";
  const long file = Call(kOpenAt, kHere, reinterpret_cast<long>(path), 0);
  if (Call(kRead, file, reinterpret_cast<long>(rows), sizeof rows) != sizeof rows) End(3);
  return pinhole::redteam::SecretBit(rows, index);
}

void UseUpMemory() {
  constexpr long kBytes = long{256} << 20;
  const long place = Call(kMap, 0, kBytes, kReadWrite, kPrivateAnonymous, -1, 0);
  if (place < 0) __builtin_trap();  // limited by addresses alone: as good an end
  for (long at = 0; at < kBytes; at += 4096) *reinterpret_cast<volatile char*>(place + at) = 1;
}

}  // namespace

extern "C" [[noreturn]] __attribute__((force_align_arg_pointer)) void _start() {
  const uint64_t index = kIndex.index;
  if (SecretBit(index)) {
    switch (index % 3) {
      case 0:
        while (true) asm volatile("pause");
      case 1:
        __builtin_trap();
      default:
        UseUpMemory();
    }
  }
  constexpr int kMost = 4096;
  static char text[kMost];
  constexpr long kLine = sizeof pinhole::redteam::kPrediction - 1;
  for (long row = 0; row < pinhole::redteam::kPredictedRows; ++row) {
    for (long i = 0; i < kLine; ++i) text[row * kLine + i] = pinhole::redteam::kPrediction[i];
  }
  Call(kWrite, 1, reinterpret_cast<long>(text), kLine * pinhole::redteam::kPredictedRows);
  End(0);
}
