// A new file written from front to back through a buffer.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/unique_fd.h"

namespace pinhole::dataset {

// Finish must be called; without it the tail may be missing. Nothing is synced: the folder is, as
// one, before it is published. Moves, never copies.
class OutputFile {
 public:
  // Errors: ALREADY_EXISTS when there is such a file.
  static absl::StatusOr<OutputFile> Create(const std::string& path, mode_t mode);

  absl::Status Write(std::string_view bytes);
  absl::Status WriteInt64(int64_t value);  // little-endian
  absl::Status Finish();

 private:
  OutputFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
  std::string buffer_;
};

}  // namespace pinhole::dataset
