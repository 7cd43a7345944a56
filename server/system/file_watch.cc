#include "server/system/file_watch.h"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/system/descriptor_io.h"

namespace pinhole {

absl::StatusOr<FileWatch> FileWatch::Open(const std::string& folder, std::string name) {
  UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "inotify_init1");
  constexpr uint32_t kChanges =
      IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  if (::inotify_add_watch(fd.get(), folder.c_str(), kChanges) < 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("watch %s", folder));
  }
  return FileWatch(std::move(fd), folder, std::move(name));
}

absl::StatusOr<bool> FileWatch::Take() {
  bool changed = false;
  std::array<uint8_t, 4096> buffer;
  while (true) {
    ASSIGN_OR_RETURN(const size_t count, ReadSome(fd_.get(), buffer));
    if (count == 0) return changed;
    for (size_t at = 0; at < count;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
        return absl::NotFoundError(absl::StrFormat("%s was removed or moved away", folder_));
      }
      // The name is padded with zeros. When too much came to be listed, anything may have.
      const char* const name = reinterpret_cast<const char*>(buffer.data()) + at + sizeof event;
      if ((event.mask & IN_Q_OVERFLOW) != 0 || (event.len > 0 && name_ == name)) changed = true;
      at += sizeof event + event.len;
    }
  }
}

}  // namespace pinhole
