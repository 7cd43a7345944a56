// A launcher's own groups, by /proc/self/cgroup: no client takes part.
#include "sandbox/launcher/own_groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Accounting;

constexpr size_t kPathBytes = 4096;
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// Bytes of a small file of the kernel's, ended by a zero; false: none.
bool ReadText(int directory, const char* name, char* text, size_t size) {
  const int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t length = read(file, text, size - 1);
  close(file);
  text[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

int WriteText(int directory, const char* name, const char* text) {
  const int file = openat(directory, name, O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const auto length = static_cast<ssize_t>(strlen(text));
  const int error = write(file, text, static_cast<size_t>(length)) == length ? 0 : errno;
  close(file);
  return error;
}

// Copies to `path` the group of the line "id:controller:path" of /proc/self/cgroup; the version 2
// tree's controller is empty. The root is no group of its own.
bool FindPath(const char* text, const char* controller, char* path) {
  const size_t length = strlen(controller);
  for (const char* line = text; line != nullptr && *line != '\0';) {
    const char* name = strchr(line, ':');
    const char* end = strchr(line, '\n');
    if (name != nullptr && strncmp(name + 1, controller, length) == 0 && name[1 + length] == ':') {
      const char* begin = name + 2 + length;
      const size_t size = end == nullptr ? strlen(begin) : static_cast<size_t>(end - begin);
      if (size < 2 || size >= kPathBytes) return false;
      memcpy(path, begin, size);
      path[size] = '\0';
      return true;
    }
    line = end == nullptr ? nullptr : end + 1;
  }
  return false;
}

int OpenGroup(const char* root, const char* tree, const char* path) {
  char whole[2 * kPathBytes];
  const int length = snprintf(whole, sizeof whole, "%s%s%s", root, tree, path);
  if (length < 0 || static_cast<size_t>(length) >= sizeof whole) return -1;
  return open(whole, kDirectory);
}

bool MayWrite(int directory, const char* name) {
  return faccessat(directory, name, W_OK, AT_EACCESS) == 0;
}

// A group with processes cannot pass its controllers on, so the launcher moves into the lane's
// first.
int EnterVersion2(int group, Groups* groups) {
  if (mkdirat(group, "lane", 0755) != 0 && errno != EEXIST) return errno;
  const int lane = openat(group, "lane", kDirectory);
  if (lane < 0) return errno;
  if (int error = WriteText(lane, "cgroup.procs", "0")) return error;
  if (int error = WriteText(group, "cgroup.subtree_control", "+memory +pids")) return error;
  *groups = {Accounting::kVersion2, lane, lane};
  return 0;
}

}  // namespace

int EnterGroupsOf(const char* root, const char* text, Groups* groups) {
  static char path[kPathBytes];
  char controllers[512];
  *groups = Groups();
  const int group = FindPath(text, "", path) ? OpenGroup(root, "", path) : -1;
  if (group >= 0) {
    const bool given = ReadText(group, "cgroup.controllers", controllers, sizeof controllers) &&
                       strstr(controllers, "memory") != nullptr &&
                       strstr(controllers, "pids") != nullptr && MayWrite(group, "cgroup.procs");
    const int error = given ? EnterVersion2(group, groups) : 0;
    close(group);
    if (given) return error;
  }
  const int memory = FindPath(text, "memory", path) ? OpenGroup(root, "/memory", path) : -1;
  const int pids = FindPath(text, "pids", path) ? OpenGroup(root, "/pids", path) : -1;
  if (memory >= 0 && pids >= 0 && MayWrite(memory, "memory.limit_in_bytes") &&
      MayWrite(pids, "pids.max")) {
    *groups = {Accounting::kVersion1, memory, pids};
    return 0;
  }
  if (memory >= 0) close(memory);
  if (pids >= 0) close(pids);
  return 0;
}

int EnterOwnGroups(Groups* groups) {
  static char text[16384];
  if (!ReadText(AT_FDCWD, "/proc/self/cgroup", text, sizeof text)) text[0] = '\0';
  return EnterGroupsOf("/sys/fs/cgroup", text, groups);
}

}  // namespace pinhole::sandbox::launcher
