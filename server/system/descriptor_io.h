// Reading and writing a known number of bytes on a descriptor, until a deadline.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/base/bytes.h"

namespace pinhole {

// A moment on the monotonic clock: setting the wall clock does not move it.
class Deadline {
 public:
  static Deadline After(absl::Duration wait);
  static Deadline Never() { return Deadline(INT64_MAX); }

  // Milliseconds from now for poll(2): 0 when past, -1 for Never.
  int PollMs() const;
  bool Passed() const { return PollMs() == 0; }

 private:
  explicit Deadline(int64_t monotonic_ms) : monotonic_ms_(monotonic_ms) {}
  int64_t monotonic_ms_;
};

// Waits until `fd` has something to read (data, or its end). Errors: DEADLINE_EXCEEDED.
absl::Status WaitReadable(int fd, Deadline deadline);

// Fills `out`. Works on blocking and non-blocking descriptors.
// Errors: DEADLINE_EXCEEDED; OUT_OF_RANGE when the other end closed before the first byte;
// DATA_LOSS when it closed after it; else the errno.
absl::Status ReadExactly(int fd, std::span<uint8_t> out, Deadline deadline);

// Writes all of `bytes`. A closed other end is an error (UNAVAILABLE), never a signal on a socket.
// On a regular file the deadline plays no role. Errors: DEADLINE_EXCEEDED; else the errno.
absl::Status WriteAll(int fd, ByteView bytes, Deadline deadline);

// What can be read or written now, without waiting, on a non-blocking descriptor; 0 when nothing.
// Errors: ReadSome: OUT_OF_RANGE at the end of the stream; both: the errno.
absl::StatusOr<size_t> ReadSome(int fd, std::span<uint8_t> out);
absl::StatusOr<size_t> WriteSome(int fd, ByteView bytes);

absl::Status SetNonBlocking(int fd);

}  // namespace pinhole
