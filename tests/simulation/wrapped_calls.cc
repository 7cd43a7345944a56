// The calls by which the vault changes real files and sends frames, wrapped by the linker
// (--wrap): only references from our own objects come here, so nothing stands in the way of a
// sanitizer's own wrappers.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/simulation/disk.h"
#include "tests/simulation/wrapped_calls.h"

namespace {

using pinhole::simulation::Disk;
using pinhole::simulation::Hooks;
using pinhole::simulation::Step;
using pinhole::simulation::Verdict;

// What stands behind a descriptor that is watched; empty: none of ours.
std::array<std::string, 1024> paths;

const std::string* PathOf(int fd) {
  const auto index = static_cast<size_t>(fd);
  return fd >= 0 && index < paths.size() && !paths[index].empty() ? &paths[index] : nullptr;
}

// 0, or the errno of what the disk says.
int Refuses(Step step) {
  switch (Disk::Get().Ask(step)) {
    case Verdict::kGo:
      return 0;
    case Verdict::kFull:
    case Verdict::kShort:
      return ENOSPC;
    case Verdict::kBroken:
    case Verdict::kDead:
      return EIO;
  }
  return EIO;
}

int Fail(int error) {
  errno = error;
  return -1;
}

bool IsSocket(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode);
}

std::string Content(const char* path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

}  // namespace

namespace pinhole::simulation {

CallHooks& Hooks() {
  static CallHooks hooks;
  return hooks;
}

}  // namespace pinhole::simulation

extern "C" {

// NOLINTBEGIN(readability-identifier-naming, bugprone-reserved-identifier): the linker's names.
int __real_open(const char* path, int flags, ...);
ssize_t __real_write(int fd, const void* data, size_t size);
ssize_t __real_pwrite(int fd, const void* data, size_t size, off_t offset);
ssize_t __real_send(int fd, const void* data, size_t size, int flags);
ssize_t __real_read(int fd, void* data, size_t size);
int __real_poll(struct pollfd* entries, nfds_t count, int timeout);
int __real_fsync(int fd);
int __real_close(int fd);
int __real_fallocate(int fd, int mode, off_t offset, off_t size);
int __real_ftruncate(int fd, off_t size);
int __real_rename(const char* from, const char* to);
int __real_unlink(const char* path);
int __real_statvfs(const char* path, struct statvfs* out);
int64_t __real__ZNSt6chrono3_V212steady_clock3nowEv();  // a time_point is its nanoseconds

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (!Disk::Get().Watches(path)) return __real_open(path, flags, mode);
  if (!Disk::Get().alive()) return Fail(EIO);
  struct stat found {};
  const bool makes = (flags & O_CREAT) != 0 && ::lstat(path, &found) != 0;
  if (makes) {
    if (const int error = Refuses(Step::kCreate); error != 0) return Fail(error);
  }
  const int fd = __real_open(path, flags, mode);
  if (fd >= 0 && static_cast<size_t>(fd) < paths.size()) paths[static_cast<size_t>(fd)] = path;
  if (fd >= 0 && makes) Disk::Get().Created(path);
  return fd;
}

ssize_t __wrap_write(int fd, const void* data, size_t size) {
  if (fd == Hooks().log_fd && Hooks().logged) {
    Hooks().logged({static_cast<const char*>(data), size});
    return static_cast<ssize_t>(size);
  }
  const std::string* path = PathOf(fd);
  if (path == nullptr) return __real_write(fd, data, size);
  const Verdict verdict = Disk::Get().Ask(Step::kWrite);
  if (verdict == Verdict::kShort && size > 1)
    size /= 2;  // the next one finds the disk full
  else if (verdict != Verdict::kGo)
    return Fail(verdict == Verdict::kFull ? ENOSPC : EIO);
  struct stat found {};
  ::fstat(fd, &found);
  Disk::Get().Wrote(*path, found.st_size);
  return __real_write(fd, data, size);
}

ssize_t __wrap_pwrite(int fd, const void* data, size_t size, off_t offset) {
  const std::string* path = PathOf(fd);
  if (path == nullptr) return __real_pwrite(fd, data, size, offset);
  if (const int error = Refuses(Step::kWrite); error != 0) return Fail(error);
  struct stat found {};
  ::fstat(fd, &found);
  Disk::Get().Wrote(*path, found.st_size);
  return __real_pwrite(fd, data, size, offset);
}

// Frames to the front: a place to lose the current, never to fail. The event log, too, is written
// by send first; it is no socket.
ssize_t __wrap_send(int fd, const void* data, size_t size, int flags) {
  if (PathOf(fd) != nullptr || !IsSocket(fd)) return __real_send(fd, data, size, flags);
  if (Disk::Get().Ask(Step::kSend) != Verdict::kGo) return Fail(EPIPE);
  const ssize_t sent = __real_send(fd, data, size, flags);
  if (sent > 0 && Hooks().sent)
    Hooks().sent({static_cast<const char*>(data), static_cast<size_t>(sent)});
  return sent;
}

ssize_t __wrap_read(int fd, void* data, size_t size) {
  if (Hooks().reading) Hooks().reading();
  return __real_read(fd, data, size);
}

// In this process nobody else will ever do what is waited for: the time is over at once.
int __wrap_poll(struct pollfd* entries, nfds_t count, int timeout) {
  const int ready = __real_poll(entries, count, 0);
  return ready == 0 && timeout != 0 ? Fail(ETIMEDOUT) : ready;
}

int __wrap_fsync(int fd) {
  const std::string* path = PathOf(fd);
  if (path == nullptr) return __real_fsync(fd);
  struct stat found {};
  ::fstat(fd, &found);
  const Verdict verdict = Disk::Get().Ask(Step::kSync);
  if (verdict == Verdict::kDead) return Fail(EIO);
  if (verdict != Verdict::kGo) {
    // A folder's names are in the file system's journal, which loses none alone.
    if (Disk::Get().loses() && !S_ISDIR(found.st_mode)) Disk::Get().FileLost(*path);
    return Disk::Get().hides_sync_errors() ? 0 : Fail(EIO);
  }
  if (S_ISDIR(found.st_mode)) {
    Disk::Get().FolderSynced(*path);
  } else {
    Disk::Get().FileSynced(*path);
  }
  return 0;
}

int __wrap_close(int fd) {
  if (PathOf(fd) != nullptr) paths[static_cast<size_t>(fd)].clear();
  return __real_close(fd);
}

int __wrap_fallocate(int fd, int mode, off_t offset, off_t size) {
  if (PathOf(fd) == nullptr) return __real_fallocate(fd, mode, offset, size);
  if (const int error = Refuses(Step::kReserve); error != 0) return Fail(error);
  return __real_fallocate(fd, mode, offset, size);
}

int __wrap_ftruncate(int fd, off_t size) {
  if (PathOf(fd) == nullptr) return __real_ftruncate(fd, size);
  if (const int error = Refuses(Step::kTruncate); error != 0) return Fail(error);
  return __real_ftruncate(fd, size);
}

int __wrap_rename(const char* from, const char* to) {
  if (!Disk::Get().Watches(to)) return __real_rename(from, to);
  if (const int error = Refuses(Step::kRename); error != 0) return Fail(error);
  std::optional<std::string> replaced;
  struct stat found {};
  if (::stat(to, &found) == 0) replaced = Content(to);
  const int result = __real_rename(from, to);
  if (result == 0) Disk::Get().Renamed(from, to, std::move(replaced));
  return result;
}

int __wrap_unlink(const char* path) {
  if (!Disk::Get().Watches(path)) return __real_unlink(path);
  struct stat found {};
  if (::lstat(path, &found) != 0) return Fail(ENOENT);
  if (const int error = Refuses(Step::kDelete); error != 0) return Fail(error);
  std::string content = S_ISREG(found.st_mode) ? Content(path) : std::string();
  const int result = __real_unlink(path);
  if (result == 0) Disk::Get().Removed(path, std::move(content));
  return result;
}

int __wrap_statvfs(const char* path, struct statvfs* out) {
  const int result = __real_statvfs(path, out);
  if (result == 0 && Disk::Get().Watches(path)) {
    out->f_bavail = static_cast<fsblkcnt_t>(Disk::Get().free_bytes) / out->f_frsize;
  }
  return result;
}

// In a world no real time passes: on a busy machine a deadline could come that the world never set.
int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
  constexpr int64_t kAnHour = 3'600'000'000'000;
  return Hooks().reading ? kAnHour : __real__ZNSt6chrono3_V212steady_clock3nowEv();
}
// NOLINTEND(readability-identifier-naming, bugprone-reserved-identifier)

}  // extern "C"
