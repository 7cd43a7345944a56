#include "server/system/descriptor_io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole {
namespace {

int64_t MonotonicMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::ceil<std::chrono::milliseconds>(now).count();
}

absl::Status WaitFor(int fd, short events, Deadline deadline) {
  while (true) {
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int wait_ms = deadline.PollMs();
    const int ready = ::poll(&entry, 1, wait_ms);
    if (ready > 0) return absl::OkStatus();
    if (ready == 0 && deadline.PollMs() == 0)
      return absl::DeadlineExceededError("no answer in time");
    if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
  }
}

// A socket is written without SIGPIPE and without blocking, whatever its own flags; anything else
// by write(2).
ssize_t SendOrWrite(int fd, ByteView bytes) {
  const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno == ENOTSOCK) return ::write(fd, bytes.data(), bytes.size());
  return sent;
}

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Deadline Deadline::After(absl::Duration wait) {
  return Deadline(MonotonicMs() + std::max<int64_t>(0, absl::ToInt64Milliseconds(wait)));
}

int Deadline::PollMs() const {
  if (monotonic_ms_ == INT64_MAX) return -1;
  return static_cast<int>(std::clamp<int64_t>(monotonic_ms_ - MonotonicMs(), 0, INT_MAX));
}

absl::Status WaitReadable(int fd, Deadline deadline) { return WaitFor(fd, POLLIN, deadline); }

absl::Status ReadExactly(int fd, std::span<uint8_t> out, Deadline deadline) {
  size_t done = 0;
  while (done < out.size()) {
    RETURN_IF_ERROR(WaitReadable(fd, deadline));
    const ssize_t got = ::read(fd, out.data() + done, out.size() - done);
    if (got > 0) {
      done += static_cast<size_t>(got);
    } else if (got == 0) {
      if (done == 0) return absl::OutOfRangeError("the other end closed");
      return absl::DataLossError(
          absl::StrFormat("the other end closed after %d of %d bytes", done, out.size()));
    } else if (errno != EINTR && !WouldBlock(errno)) {
      return absl::ErrnoToStatus(errno, "read");
    }
  }
  return absl::OkStatus();
}

absl::Status WriteAll(int fd, ByteView bytes, Deadline deadline) {
  while (!bytes.empty()) {
    RETURN_IF_ERROR(WaitFor(fd, POLLOUT, deadline));
    ASSIGN_OR_RETURN(const size_t sent, WriteSome(fd, bytes));
    bytes = bytes.subspan(sent);
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> ReadSome(int fd, std::span<uint8_t> out) {
  if (out.empty()) return size_t{0};
  while (true) {
    const ssize_t got = ::read(fd, out.data(), out.size());
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) return absl::OutOfRangeError("the other end closed");
    if (WouldBlock(errno)) return size_t{0};
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "read");
  }
}

absl::StatusOr<size_t> WriteSome(int fd, ByteView bytes) {
  while (true) {
    const ssize_t sent = SendOrWrite(fd, bytes);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (WouldBlock(errno)) return size_t{0};
    if (errno == EPIPE || errno == ECONNRESET)
      return absl::UnavailableError("the other end closed");
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "write");
  }
}

absl::Status SetNonBlocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "make a descriptor non-blocking");
  }
  return absl::OkStatus();
}

}  // namespace pinhole
