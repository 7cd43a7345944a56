#include "client/cli/key_file.h"

#include <sys/stat.h>

#include "absl/strings/str_format.h"
#include "server/core/base/key_file.h"
#include "server/core/base/status.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"
#include "server/system/random.h"

namespace pinhole::cli {
SigningKey NewKey() { return SigningKey::FromSeed(RandomBytes<32>()); }

absl::Status WriteKeyFile(const std::string& path, const SigningKey& key) {
  absl::StatusOr<UniqueFd> fd = CreateForWrite(path, 0600);
  if (absl::IsAlreadyExists(fd.status())) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "%s is there already: a key is never overwritten, choose another name", path));
  }
  RETURN_IF_ERROR(fd.status());
  RETURN_IF_ERROR(WriteAll(fd->get(), AsBytes(FormatKeyFile(key)), Deadline::Never()));
  return SyncDirectory(DirectoryOf(path));
}

absl::StatusOr<SigningKey> ReadKeyFile(const std::string& path) {
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("look at %s", path));
  }
  if ((status.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrFormat("others may read the key %s: run chmod 600 on it", path));
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 4096));
  absl::StatusOr<SigningKey> key = ParseKeyFile(text);
  if (!key.ok()) {
    return absl::InvalidArgumentError(absl::StrFormat("%s is no key file of \"pinhole keygen\": %s",
                                                      path, key.status().message()));
  }
  return key;
}

}  // namespace pinhole::cli
