// Rows of the table about files: what the root holds, what can be changed, and what a file that all
// boxes share could carry from one to another.
#include <errno.h>
#include <sys/syscall.h>

#include "tests/containment/cases.h"

namespace pinhole::sandbox {
namespace {

constexpr Case Exits(const char* numbers, const char* attack, int code, Layer layer,
                     Outside outside) {
  return {numbers, attack, Outcome::kExited, code, layer, outside};
}
// A path that most hosts have, and the box has not.
constexpr Case Absent(const char* numbers, const char* attack, Outside outside) {
  return Exits(numbers, attack, ENOENT, Layer::kRoot, outside);
}

constexpr Outside kSucceeds = Outside::kSucceeds;
constexpr Outside kReaches = Outside::kReachesKernel;
constexpr Outside kIfHas = Outside::kIfKernelHas;
constexpr Outside kNone = Outside::kNoAttack;

constexpr Case kCases[] = {
    Absent("32", "open:/etc/passwd", kSucceeds),
    Absent("32", "open:/proc", kSucceeds),
    Absent("32", "open:/sys", kSucceeds),
    Absent("32", "open:/dev", kSucceeds),
    Absent("32", "open:/dev/null", kSucceeds),
    Absent("32", "open:/dev/shm", kIfHas),
    Absent("32", "open:/usr", kSucceeds),
    Absent("32", "open:/var/tmp", kIfHas),
    Absent("32", "open:/run", kIfHas),
    Absent("32", "open_beside:-wal", kNone),
    Absent("32", "open_beside:-shm", kNone),
    Absent("33", "climb", kSucceeds),
    Absent("33", "climb_by_descriptor", kSucceeds),
    Absent("33", "open:/data/../../etc/passwd", kNone),
    Absent("33", "open:/proc/self/root", kSucceeds),
    Absent("33", "open:/proc/1/root", kIfHas),
    Absent("33", "open:/proc/self/cwd", kSucceeds),
    Exits("33", "call:openat2", ENOSYS, Layer::kFilter, kReaches),
    Absent("34", "open:/proc/self/ns/mnt", kSucceeds),
    Absent("46", "open:/proc/self/exe", kSucceeds),
    Absent("48", "open:/proc/self/fd/0", kIfHas),
    Absent("83", "open:/proc/self/mem", kSucceeds),
    Absent("83", "open:/proc/1/mem", kIfHas),
    Absent("83", "open:/proc/self/maps", kSucceeds),
    Absent("80", "open:/proc/meminfo", kSucceeds),
    Absent("80", "open:/proc/stat", kSucceeds),
    Absent("80", "open:/proc/loadavg", kSucceeds),
    Absent("80", "open:/proc/kallsyms", kIfHas),
    Absent("80", "open:/proc/keys", kIfHas),
    Absent("80", "open:/proc/net", kSucceeds),
    Absent("80", "open:/proc/self/mountinfo", kSucceeds),
    Absent("80", "open:/proc/self/cgroup", kSucceeds),
    Absent("80", "open:/proc/self/status", kSucceeds),
    Absent("80", "open:/proc/sys/kernel/hostname", kSucceeds),

    Exits("35", "write_view", EROFS, Layer::kReadOnly, kSucceeds),
    Exits("35", "create_in_view", EROFS, Layer::kReadOnly, kSucceeds),
    Exits("35", "remove_from_view", EROFS, Layer::kReadOnly, kSucceeds),
    Exits("35", "touch_view", EROFS, Layer::kReadOnly, kSucceeds),
    Exits("35", "mode_of_view", EROFS, Layer::kReadOnly, kReaches),
    Exits("35", "create_in_root", EROFS, Layer::kReadOnly, kReaches),
    Exits("35", "make_directory_in_root", EROFS, Layer::kReadOnly, kReaches),
    Exits("35", "map_view_writable", EACCES, Layer::kKernel, kReaches),
    Exits("35, 39", "symlink", EPERM, Layer::kFilter, kSucceeds),
    Exits("35, 39", "hardlink", EPERM, Layer::kFilter, kReaches),
    Exits("35", "call:chown", EPERM, Layer::kFilter, kReaches),

    Exits("41", "write_scratch", 0, Layer::kScratch, kNone),
    Exits("41", "fill_scratch", ENOSPC, Layer::kScratch, Outside::kHarms),
    Exits("41", "fill_inodes", ENOSPC, Layer::kScratch, Outside::kHarms),
    Exits("41", "sparse_file", 0, Layer::kScratch, kNone),
    Exits("41", "reserve_file", ENOSPC, Layer::kScratch, Outside::kHarms),
    Exits("41", "deep_folders", ENOSPC, Layer::kScratch, Outside::kHarms),
    Exits("41", "long_names", 0, Layer::kScratch, kNone),
    Exits("42", "nameless", EOPNOTSUPP, Layer::kFilter, kSucceeds),
    Exits("42", "nameless_by_old_call", EOPNOTSUPP, Layer::kFilter, kSucceeds),

    Exits("23, 89", "lock_view", 0, Layer::kFilter, kSucceeds),
    Exits("23, 89", "lock_view_wait", 0, Layer::kFilter, kSucceeds),
    Exits("23, 89", "lock_view_ofd", 0, Layer::kFilter, kSucceeds),
    Exits("23, 89", "ask_lock", EPERM, Layer::kFilter, kSucceeds),
    Exits("23, 89", "ask_lock_ofd", EPERM, Layer::kFilter, kSucceeds),
    Exits("23, 89", "flock_view", 0, Layer::kFilter, kSucceeds),
    Exits("23, 89", "lease", EPERM, Layer::kFilter, kReaches),
    Exits("23, 42, 89", "notify", EPERM, Layer::kFilter, kSucceeds),
    Exits("89", "direct_open", EINVAL, Layer::kFilter, kIfHas),
    Exits("89", "direct_later", EINVAL, Layer::kFilter, kIfHas),
    Exits("85, 96", "statfs", ENOSYS, Layer::kFilter, kSucceeds),
    Exits("85, 96", "fstatfs", ENOSYS, Layer::kFilter, kSucceeds),
    Exits("91", "no_wait_read", ENOSYS, Layer::kFilter, kIfHas),
    Exits("91", "residency", ENOSYS, Layer::kFilter, kSucceeds),
    Exits("91", "evict", EINVAL, Layer::kFilter, kSucceeds),
    Exits("91", "call:readahead", 0, Layer::kFilter, kReaches),
    Exits("91", "call:fadvise64", 0, Layer::kFilter, kNone),
    Exits("56", "own_offset", 0, Layer::kKernel, kNone),
    Exits("90", "leave_trace", 0, Layer::kScratch, kNone),
    Exits("90", "find_trace", ENOENT, Layer::kScratch, kNone),
};

}  // namespace

std::span<const Case> FileCases() { return kCases; }

}  // namespace pinhole::sandbox
