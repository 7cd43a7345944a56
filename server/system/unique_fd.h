// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace pinhole {

// Owns one descriptor; moves, never copies. A moved-from one is invalid. Every descriptor that a
// function of this module returns was opened with O_CLOEXEC.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.Release();
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Close(); }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

  // Gives the descriptor to the caller, who closes it.
  int Release() { return std::exchange(fd_, -1); }

  // Closes now. Nothing that must be durable may depend on the result: fsync first.
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace pinhole
