#include "server/system/temp_dir.h"

#include <cerrno>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "server/system/files.h"

namespace pinhole {

absl::StatusOr<TempDir> TempDir::Make(const std::string& parent) {
  std::string folder = parent;
  if (folder.empty()) {
    const char* variable = std::getenv("TMPDIR");
    folder = variable == nullptr || *variable == '\0' ? "/tmp" : variable;
  }
  std::string path = folder + "/pinhole-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("make a temporary folder in %s", folder));
  }
  return TempDir(std::move(path));
}

TempDir::~TempDir() {
  if (!path_.empty()) RemoveTree(path_).IgnoreError();
}

}  // namespace pinhole
