// Files and folders: opening, reading whole, writing so that a crash leaves the old or the new
// content and nothing between.
//
// Errors of every function: the errno as a status (NOT_FOUND, PERMISSION_DENIED, ALREADY_EXISTS …)
// with what was being done and the path. All are thread-safe as long as two threads do not work on
// one path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/unique_fd.h"

namespace pinhole {

absl::StatusOr<UniqueFd> OpenForRead(const std::string& path);

// Creates a file that must not exist yet (O_EXCL), to write. `mode` is exact: the umask is undone.
absl::StatusOr<UniqueFd> CreateForWrite(const std::string& path, mode_t mode);

inline constexpr size_t kReadFileLimitBytes = size_t{64} << 20;

// The whole file. Errors: also RESOURCE_EXHAUSTED beyond `limit_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t limit_bytes = kReadFileLimitBytes);

// Replaces `path` by `content`: temporary file in the same folder, fsync, rename, fsync of the
// folder. A crash leaves the old file or the new one, and perhaps a stray "<path>.tmp-<hex>".
absl::Status WriteFileDurably(const std::string& path, std::string_view content, mode_t mode);

// The same, for content that does not fit in memory: `write` puts it into the temporary file.
// Errors: also those of `write`.
absl::Status ReplaceDurably(const std::string& path, mode_t mode,
                            const std::function<absl::Status(int fd)>& write);

// Creates one folder; its parent must exist, it must not. `mode` is exact.
absl::Status MakeDirectory(const std::string& path, mode_t mode);

// Renames and makes the rename durable. `to` must not be a non-empty folder.
absl::Status RenameDurably(const std::string& from, const std::string& to);

// Bytes that an unprivileged process may still write on the file system of `path`.
absl::StatusOr<int64_t> FreeBytes(const std::string& path);

// Takes room for the first `bytes` of a file without changing its size: writes there cannot meet a
// full disk later. Errors: RESOURCE_EXHAUSTED; UNIMPLEMENTED on a file system that cannot.
absl::Status ReserveSpace(int fd, int64_t bytes);

// Makes a file at least `bytes` long, zeros where nothing was written, with room for all of it.
// Errors: as ReserveSpace.
absl::Status GrowReserved(int fd, int64_t bytes);

// Makes the names in a folder durable.
absl::Status SyncDirectory(const std::string& path);

// Makes every file and folder under `path` durable.
absl::Status SyncTree(const std::string& path);

// Removes `path` and all below it; nothing there is no error. Links are removed, not followed.
absl::Status RemoveTree(const std::string& path);

// The folder part of a path: "a/b" -> "a", "b" -> ".", "/b" -> "/".
std::string DirectoryOf(std::string_view path);

}  // namespace pinhole
