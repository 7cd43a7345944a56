#include "server/system/machine_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_format.h"

namespace pinhole {
namespace {

absl::Status Held(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrFormat("a vault serves on this machine and holds %s: nothing else of Pinhole runs "
                      "programs beside it "
                      "(docs/OPERATIONS.md, One vault on a machine)",
                      path));
}

}  // namespace

absl::StatusOr<UniqueFd> HoldMachine(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return absl::FailedPreconditionError(
        absl::StrFormat("machine_lock %s: %s", path, absl::ErrnoToStatus(errno, "open").message()));
  }
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return absl::ErrnoToStatus(errno, "look at " + path);
  if (!S_ISREG(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 0077) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "machine_lock %s: it has to be a file of the user who starts the vault, with mode 0600, or "
        "others could hold it against the vault",
        path));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return Held(path);
  return file;
}

absl::Status CheckMachineFree(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid() && (errno == ENOENT || errno == ENOTDIR)) return absl::OkStatus();
  // Shared, and given back at once.
  if (!file.valid() || ::flock(file.get(), LOCK_SH | LOCK_NB) != 0) return Held(path);
  return absl::OkStatus();
}

}  // namespace pinhole
