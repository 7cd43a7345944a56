// A second wall around files, where the kernel has Landlock: read below /data, read and write below
// /tmp, and nothing else, whatever the mounts say. No TCP port, no signal and no abstract socket
// across it.
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Stage;

// Newer than the headers that the build may have.
constexpr uint64_t kTruncate = uint64_t{1} << 14;     // version 3
constexpr uint64_t kDeviceIoctl = uint64_t{1} << 15;  // version 5
constexpr uint64_t kBindAndConnect = 3;               // version 4
constexpr uint64_t kSocketsAndSignals = 3;            // version 6

struct Ruleset {
  uint64_t files;
  uint64_t ports;
  uint64_t scopes;
};

constexpr uint64_t kFilesOfVersion1 = (uint64_t{1} << 13) - 1;
constexpr uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kChange = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | kTruncate;

// All that this version of Landlock can refuse. Fields that it does not know stay zero, which it
// accepts.
Ruleset Everything(long version) {
  Ruleset all{kFilesOfVersion1, 0, 0};
  if (version >= 2) all.files |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) all.files |= kTruncate;
  if (version >= 4) all.ports = kBindAndConnect;
  if (version >= 5) all.files |= kDeviceIoctl;
  if (version >= 6) all.scopes = kSocketsAndSignals;
  return all;
}

void AllowBelow(int ruleset, const char* path, uint64_t access) {
  const int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    if (errno == ENOENT) return;  // this box has no such folder
    Fail(Stage::kLandlock, errno);
  }
  landlock_path_beneath_attr below{};
  below.allowed_access = access;
  below.parent_fd = directory;
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0) {
    Fail(Stage::kLandlock, errno);
  }
  close(directory);
}

}  // namespace

void RestrictFiles() {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0) {
    // Not built in, or switched off: the posture says so, and the root holds alone.
    if (errno == ENOSYS || errno == EOPNOTSUPP) return;
    Fail(Stage::kLandlock, errno);
  }
  const Ruleset all = Everything(version);
  const auto ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0));
  if (ruleset < 0) Fail(Stage::kLandlock, errno);
  AllowBelow(ruleset, "/", LANDLOCK_ACCESS_FS_READ_DIR);
  AllowBelow(ruleset, "/data", kRead & all.files);
  AllowBelow(ruleset, "/tmp", (kRead | kChange) & all.files);
  if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) Fail(Stage::kLandlock, errno);
  close(ruleset);
}

}  // namespace pinhole::sandbox::launcher
