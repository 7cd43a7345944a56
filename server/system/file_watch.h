// Tells when a file was replaced or written, without looking again and again (inotify(7)).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/system/unique_fd.h"

namespace pinhole {

// Not thread-safe.
class FileWatch {
 public:
  // Watches `folder`/`name`, which need not be there yet; the folder must be. Errors: the errno.
  static absl::StatusOr<FileWatch> Open(const std::string& folder, std::string name);

  // Readable when something came.
  int fd() const { return fd_.get(); }

  // Takes all that came, without waiting: true when the file was changed since the last call.
  // Errors: NOT_FOUND when the folder was removed or moved, so that nothing comes any more; else
  // the errno.
  absl::StatusOr<bool> Take();

 private:
  FileWatch(UniqueFd fd, std::string folder, std::string name)
      : fd_(std::move(fd)), folder_(std::move(folder)), name_(std::move(name)) {}

  UniqueFd fd_;
  std::string folder_;
  std::string name_;
};

}  // namespace pinhole
