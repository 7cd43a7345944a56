#include "tests/support/failing_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace {

// Plain storage: these are read inside calls that may run before any constructor.
char watched[4096];
char failed[512];
std::atomic<int> passed;
std::atomic<int> fail_at;
std::atomic<bool> for_good;

bool Below(const char* path) {
  return watched[0] != '\0' && path != nullptr && strncmp(path, watched, strlen(watched)) == 0;
}

bool Below(int fd, char (&path)[4096]) {
  if (watched[0] == '\0') return false;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  return Below(path);
}

bool Fails(const char* call, const char* path) {
  const int now = ++passed;
  if (now != fail_at && !(for_good && fail_at > 0 && now > fail_at)) return false;
  if (failed[0] == '\0') {
    const char* name = strrchr(path, '/');
    snprintf(failed, sizeof failed, "%s %s", call, name == nullptr ? path : name + 1);
  }
  errno = ENOSPC;
  return true;
}

bool Fails(const char* call, int fd) {
  char path[4096];
  return Below(fd, path) && Fails(call, path);
}

int Open(int folder, const char* path, int flags, mode_t mode) {
  const bool makes = (flags & O_CREAT) != 0 && syscall(SYS_faccessat, folder, path, F_OK) != 0;
  if (makes && Below(path) && Fails("create", path)) return -1;
  return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}

mode_t ModeOf(int flags, va_list rest) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace

extern "C" {

// NOLINTBEGIN(readability-identifier-naming): the C library's names.
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = ModeOf(flags, rest);
  va_end(rest);
  return Open(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = ModeOf(flags, rest);
  va_end(rest);
  return Open(AT_FDCWD, path, flags, mode);
}
ssize_t write(int fd, const void* data, size_t size) {
  if (Fails("write", fd)) return -1;
  return syscall(SYS_write, fd, data, size);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  if (Fails("pwrite", fd)) return -1;
  return syscall(SYS_pwrite64, fd, data, size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  return pwrite(fd, data, size, at);
}
int fsync(int fd) {
  if (Fails("fsync", fd)) return -1;
  return static_cast<int>(syscall(SYS_fsync, fd));
}
int fdatasync(int fd) {
  if (Fails("fdatasync", fd)) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}
int fallocate(int fd, int mode, off_t at, off_t size) {
  if (Fails("fallocate", fd)) return -1;
  return static_cast<int>(syscall(SYS_fallocate, fd, mode, at, size));
}
int fallocate64(int fd, int mode, off64_t at, off64_t size) {
  return fallocate(fd, mode, at, size);
}
int posix_fallocate64(int fd, off64_t at, off64_t size) {
  return fallocate(fd, 0, at, size) == 0 ? 0 : errno;
}
int posix_fallocate(int fd, off_t at, off_t size) { return posix_fallocate64(fd, at, size); }
int mkdir(const char* path, mode_t mode) noexcept {
  if (Below(path) && Fails("mkdir", path)) return -1;
  return static_cast<int>(syscall(SYS_mkdir, path, mode));
}
int rename(const char* from, const char* to) noexcept {
  if (Below(to) && Fails("rename", to)) return -1;
  return static_cast<int>(syscall(SYS_rename, from, to));
}
// NOLINTEND(readability-identifier-naming)

}  // extern "C"

namespace pinhole::testing {

void FillDisk(const std::string& folder, int at, Fullness fullness) {
  watched[0] = '\0';
  failed[0] = '\0';
  passed = 0;
  fail_at = at;
  for_good = fullness == Fullness::kForGood;
  snprintf(watched, sizeof watched, "%s", folder.c_str());
}

int RepairDisk() {
  watched[0] = '\0';
  return passed;
}

std::string FailedWrite() { return failed; }

}  // namespace pinhole::testing
