#include "server/system/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/status.h"
#include "server/system/descriptor_io.h"
#include "server/system/random.h"

namespace pinhole {
namespace {

absl::Status ErrnoStatus(std::string_view doing, std::string_view path) {
  return absl::ErrnoToStatus(errno, absl::StrFormat("%s %s", doing, path));
}

absl::Status SyncPath(const std::string& path, int extra_flags) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | extra_flags));
  if (!fd.valid()) return ErrnoStatus("open", path);
  if (::fsync(fd.get()) != 0) return ErrnoStatus("fsync", path);
  return absl::OkStatus();
}

absl::Status Allocate(int fd, int mode, int64_t bytes) {
  while (::fallocate(fd, mode, 0, bytes) != 0) {
    if (errno == EINTR) continue;
    if (errno == EOPNOTSUPP) {
      return absl::UnimplementedError(
          "this file system cannot reserve space (fallocate): keep the vault's folder on ext4, "
          "xfs, "
          "btrfs or tmpfs");
    }
    return absl::ErrnoToStatus(errno, absl::StrFormat("reserve %d bytes", bytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> OpenForRead(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus("open", path);
  return fd;
}

absl::StatusOr<UniqueFd> CreateForWrite(const std::string& path, mode_t mode) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd.valid()) return ErrnoStatus("create", path);
  if (::fchmod(fd.get(), mode) != 0) return ErrnoStatus("set the mode of", path);
  return fd;
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit_bytes) {
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  std::string content;
  std::array<char, 1 << 16> chunk;
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus("read", path);
    if (got == 0) return content;
    content.append(chunk.data(), static_cast<size_t>(got));
    if (content.size() > limit_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("%s is longer than %d bytes", path, limit_bytes));
    }
  }
}

absl::Status ReplaceDurably(const std::string& path, mode_t mode,
                            const std::function<absl::Status(int fd)>& write) {
  const std::string temporary = absl::StrFormat("%s.tmp-%s", path, HexEncode(RandomBytes<8>()));
  ASSIGN_OR_RETURN(const UniqueFd fd, CreateForWrite(temporary, mode));
  absl::Status status = write(fd.get());
  if (status.ok() && ::fsync(fd.get()) != 0) status = ErrnoStatus("fsync", temporary);
  if (status.ok()) status = RenameDurably(temporary, path);
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

absl::Status WriteFileDurably(const std::string& path, std::string_view content, mode_t mode) {
  return ReplaceDurably(path, mode, [&](int fd) {
    absl::Status written = WriteAll(fd, AsBytes(content), Deadline::Never());
    if (written.ok()) return written;
    return absl::Status(written.code(), absl::StrFormat("write %s: %s", path, written.message()));
  });
}

absl::Status MakeDirectory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) return ErrnoStatus("make the folder", path);
  if (::chmod(path.c_str(), mode) != 0) return ErrnoStatus("set the mode of", path);
  return absl::OkStatus();
}

absl::Status RenameDurably(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("rename %s to %s", from, to));
  }
  // A crash before this may bring the old name back; after it, never.
  return SyncDirectory(DirectoryOf(to));
}

absl::StatusOr<int64_t> FreeBytes(const std::string& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return ErrnoStatus("look at the free space of", path);
  return static_cast<int64_t>(found.f_bavail) * static_cast<int64_t>(found.f_frsize);
}

absl::Status ReserveSpace(int fd, int64_t bytes) {
  return Allocate(fd, FALLOC_FL_KEEP_SIZE, bytes);
}

absl::Status GrowReserved(int fd, int64_t bytes) { return Allocate(fd, 0, bytes); }

absl::Status SyncDirectory(const std::string& path) { return SyncPath(path, O_DIRECTORY); }

absl::Status SyncTree(const std::string& path) {
  std::error_code error;
  std::filesystem::recursive_directory_iterator walk(path, error);
  for (; !error && walk != std::filesystem::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->is_symlink()) continue;
    RETURN_IF_ERROR(SyncPath(walk->path().string(), O_NOFOLLOW));
  }
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrFormat("walk %s", path));
  return SyncDirectory(path);
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrFormat("remove %s", path));
  return absl::OkStatus();
}

std::string DirectoryOf(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace pinhole
