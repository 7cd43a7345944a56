// The box's root: empty, read-only, with the lane's view at /data and a small memory file system at
// /tmp.
//
// File systems are made detached and moved into place by descriptor, so no path of the host takes
// part but the view's own, opened inside the new mount namespace.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Stage;

constexpr unsigned kNothingSpecial = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// A new, detached memory file system of at most `bytes` and `inodes`, its root directory included.
int NewMemoryFileSystem(int64_t bytes, int64_t inodes, const char* mode, Stage stage) {
  char size[32];
  char count[32];
  snprintf(size, sizeof size, "%lld", static_cast<long long>(bytes));
  snprintf(count, sizeof count, "%lld", static_cast<long long>(inodes));
  const int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "size", size, 0) != 0 ||
      fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", count, 0) != 0 ||
      fsconfig(context, FSCONFIG_SET_STRING, "mode", mode, 0) != 0 ||
      fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    Fail(stage, errno);
  }
  const int tree = fsmount(context, FSMOUNT_CLOEXEC, kNothingSpecial);
  if (tree < 0) Fail(stage, errno);
  close(context);
  return tree;
}

void MoveTo(int tree, int directory, const char* name, Stage stage) {
  if (move_mount(tree, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH) != 0) Fail(stage, errno);
}

void MakeReadOnly(int tree, Stage stage) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | kNothingSpecial;
  if (mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
    Fail(stage, errno);
  }
}

// Not recursive: a file system mounted somewhere below the view is not part of it.
void ShowView(int root, const char* view_path) {
  if (mkdirat(root, "data", 0555) != 0) Fail(Stage::kViewMount, errno);
  const int tree = open_tree(AT_FDCWD, view_path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) Fail(Stage::kViewMount, errno);
  MakeReadOnly(tree, Stage::kViewMount);
  MoveTo(tree, root, "data", Stage::kViewMount);
  close(tree);
}

void GiveScratch(int root, const protocol::Run& run) {
  if (mkdirat(root, "tmp", 0555) != 0) Fail(Stage::kScratchMount, errno);
  const int tree =
      NewMemoryFileSystem(run.scratch_bytes, run.scratch_inodes, "0700", Stage::kScratchMount);
  MoveTo(tree, root, "tmp", Stage::kScratchMount);
  close(tree);
}

}  // namespace

void BuildRoot(const Plan& plan) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    Fail(Stage::kMountPrivate, errno);
  }
  // Three directories and no byte of content.
  const int root = NewMemoryFileSystem(4096, 3, "0555", Stage::kRootMount);
  MoveTo(root, AT_FDCWD, "/", Stage::kRootMount);
  const bool model = plan.run->profile == protocol::Profile::kStatic;
  if (model && plan.view_path[0] != '\0') ShowView(root, plan.view_path);
  if (model) GiveScratch(root, *plan.run);

  // The host's root ends up on top of the new one, and is let go from there.
  if (fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
      umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) {
    Fail(Stage::kRootPivot, errno);
  }
  MakeReadOnly(root, Stage::kRootReadOnly);
  close(root);
}

}  // namespace pinhole::sandbox::launcher
