// attack | what must happen | the layer that stops it. The table is the box's proof; each row is
// run twice, sealed and as a rehearsal, and both must end alike.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

enum class Layer { kFilter, kRoot, kReadOnly, kCgroup, kRlimit, kScratch, kClock, kPipe, kKernel };

struct Case {
  const char* attack;
  Outcome outcome;
  int detail;  // exit code (the errno that refused), signal, or the refused call (-1: not told)
  Layer layer;
};

constexpr int64_t kMebibyte = int64_t{1} << 20;

BoxSpec SmallBox() {
  BoxSpec spec;
  spec.wall = absl::Seconds(10);
  spec.cpu_seconds = 5;
  spec.memory_bytes = 64 * kMebibyte;
  spec.threads = 4;
  spec.output_bytes = 2 * kMebibyte;
  spec.diagnostics_bytes = kMebibyte;
  spec.scratch_bytes = 8 * kMebibyte;
  spec.scratch_inodes = 64;
  return spec;
}

constexpr Outcome kRefused = Outcome::kForbiddenCall;
constexpr Outcome kExited = Outcome::kExited;
constexpr Outcome kSignaled = Outcome::kSignaled;
constexpr Layer kFilter = Layer::kFilter;

constexpr Case kCases[] = {
    {"open_network", kRefused, SYS_socket, kFilter},
    {"open_network6", kRefused, SYS_socket, kFilter},
    {"af_unix", kRefused, SYS_socket, kFilter},
    {"af_netlink", kRefused, SYS_socket, kFilter},
    {"af_vsock", kRefused, SYS_socket, kFilter},
    {"af_alg", kRefused, SYS_socket, kFilter},
    {"af_packet", kRefused, SYS_socket, kFilter},
    {"socketpair", kRefused, SYS_socketpair, kFilter},
    {"ptrace", kRefused, SYS_ptrace, kFilter},
    {"fork", kRefused, SYS_fork, kFilter},
    {"vfork", kRefused, SYS_clone, kFilter},
    {"fork_bomb", kRefused, SYS_fork, kFilter},
    {"daemonise_holding_stdout", kRefused, SYS_fork, kFilter},
    {"clone3", kExited, ENOSYS, kFilter},
    {"clone_user_namespace", kRefused, SYS_clone, kFilter},
    {"clone_thread_and_user_namespace", kRefused, SYS_clone, kFilter},
    {"keyctl", kRefused, SYS_keyctl, kFilter},
    {"add_key", kRefused, SYS_add_key, kFilter},
    {"request_key", kRefused, SYS_request_key, kFilter},
    {"io_uring", kRefused, SYS_io_uring_setup, kFilter},
    {"userfaultfd", kRefused, SYS_userfaultfd, kFilter},
    {"bpf", kRefused, SYS_bpf, kFilter},
    {"perf_event", kRefused, SYS_perf_event_open, kFilter},
    {"mount", kRefused, SYS_mount, kFilter},
    {"umount", kRefused, SYS_umount2, kFilter},
    {"chroot", kRefused, SYS_chroot, kFilter},
    {"pivot_root", kRefused, SYS_pivot_root, kFilter},
    {"fsopen", kRefused, SYS_fsopen, kFilter},
    {"open_tree", kRefused, SYS_open_tree, kFilter},
    {"unshare", kRefused, SYS_unshare, kFilter},
    {"setns", kRefused, SYS_setns, kFilter},
    {"second_exec", kRefused, SYS_execve, kFilter},
    {"exec_by_descriptor", kRefused, SYS_execveat, kFilter},
    {"exec_by_launchers_descriptor", kExited, EBADF, Layer::kRlimit},
    {"exec_by_absolute_path", kExited, EACCES, Layer::kReadOnly},
    {"remake_launchers_descriptor", kExited, EBADF, Layer::kRlimit},
    {"memfd_create", kRefused, SYS_memfd_create, kFilter},
    {"memfd_secret", kRefused, SYS_memfd_secret, kFilter},
    {"writable_code", kRefused, SYS_mmap, kFilter},
    {"make_code_writable", kRefused, SYS_mprotect, kFilter},
    {"x32", kRefused, -1, kFilter},
    {"no_such_call", kRefused, 1000, kFilter},
    {"minus_one", kRefused, -1, kFilter},
    {"futex_pi", kRefused, SYS_futex, kFilter},
    {"prctl_tsc", kRefused, SYS_prctl, kFilter},
    {"prctl_dumpable", kRefused, SYS_prctl, kFilter},
    {"seccomp", kRefused, SYS_seccomp, kFilter},
    {"pipe_size", kRefused, SYS_fcntl, kFilter},
    {"pidfd_open", kRefused, SYS_pidfd_open, kFilter},
    {"kcmp", kRefused, SYS_kcmp, kFilter},
    {"process_vm_readv", kRefused, SYS_process_vm_readv, kFilter},
    {"process_vm_writev", kRefused, SYS_process_vm_writev, kFilter},
    {"open_by_handle", kRefused, SYS_open_by_handle_at, kFilter},
    {"name_to_handle", kRefused, SYS_name_to_handle_at, kFilter},
    {"inotify", kRefused, SYS_inotify_init1, kFilter},
    {"fanotify", kRefused, SYS_fanotify_init, kFilter},
    {"shmget", kRefused, SYS_shmget, kFilter},
    {"msgget", kRefused, SYS_msgget, kFilter},
    {"semget", kRefused, SYS_semget, kFilter},
    {"mq_open", kRefused, SYS_mq_open, kFilter},
    {"timerfd", kRefused, SYS_timerfd_create, kFilter},
    {"settimeofday", kRefused, SYS_settimeofday, kFilter},
    {"setuid", kRefused, SYS_setuid, kFilter},
    {"setgroups", kRefused, SYS_setgroups, kFilter},
    {"capset", kRefused, SYS_capset, kFilter},
    {"init_module", kRefused, SYS_init_module, kFilter},
    {"reboot", kRefused, SYS_reboot, kFilter},
    {"mknod", kRefused, SYS_mknod, kFilter},
    {"personality", kRefused, SYS_personality, kFilter},
    {"ioperm", kRefused, SYS_ioperm, kFilter},
    {"modify_ldt", kRefused, SYS_modify_ldt, kFilter},

    {"read_host_file", kExited, ENOENT, Layer::kRoot},
    {"read_proc", kExited, ENOENT, Layer::kRoot},
    {"read_sys", kExited, ENOENT, Layer::kRoot},
    {"open_device", kExited, ENOENT, Layer::kRoot},
    {"open_shared_memory", kExited, ENOENT, Layer::kRoot},
    {"climb", kExited, ENOENT, Layer::kRoot},
    {"open_self", kExited, ENOENT, Layer::kRoot},
    {"write_view", kExited, EROFS, Layer::kReadOnly},
    {"create_in_view", kExited, EROFS, Layer::kReadOnly},
    {"remove_from_view", kExited, EROFS, Layer::kReadOnly},
    {"touch_view", kExited, EROFS, Layer::kReadOnly},
    {"mode_of_view", kExited, EROFS, Layer::kReadOnly},
    {"create_in_root", kExited, EROFS, Layer::kReadOnly},
    {"make_directory_in_root", kExited, EROFS, Layer::kReadOnly},
    {"map_view_writable", kExited, EACCES, Layer::kReadOnly},
    {"write_scratch", kExited, 0, Layer::kScratch},
    {"lock_view", kExited, 0, kFilter},
    {"lock_view_wait", kExited, 0, kFilter},
    {"lock_view_ofd", kExited, 0, kFilter},
    {"ask_lock", kExited, EPERM, kFilter},
    {"ask_lock_ofd", kExited, EPERM, kFilter},
    {"flock_view", kExited, 0, kFilter},
    {"lease", kExited, EPERM, kFilter},
    {"notify", kExited, EPERM, kFilter},
    {"direct_open", kExited, EINVAL, kFilter},
    {"direct_later", kExited, EINVAL, kFilter},
    {"nameless", kExited, EOPNOTSUPP, kFilter},
    {"statfs", kExited, ENOSYS, kFilter},
    {"fstatfs", kExited, ENOSYS, kFilter},
    {"no_wait_read", kExited, ENOSYS, kFilter},
    {"residency", kExited, ENOSYS, kFilter},
    {"evict", kExited, EINVAL, kFilter},
    {"symlink", kExited, EPERM, kFilter},
    {"hardlink", kExited, EPERM, kFilter},

    {"memory_bomb", Outcome::kMemoryLimit, 0, Layer::kCgroup},
    {"shared_memory_bomb", Outcome::kMemoryLimit, 0, Layer::kCgroup},
    {"page_table_bomb", Outcome::kMemoryLimit, 0, Layer::kCgroup},
    {"fill_scratch", kExited, ENOSPC, Layer::kScratch},
    {"fill_inodes", kExited, ENOSPC, Layer::kScratch},
    {"thread_bomb", kExited, EAGAIN, Layer::kCgroup},
    {"stderr_flood", kExited, 0, Layer::kPipe},
    {"stdout_flood", Outcome::kOutputLimit, 0, Layer::kPipe},
    {"raise_limit", kExited, EPERM, kFilter},
    {"descriptor_bomb", kExited, EMFILE, Layer::kRlimit},
    {"stack_overflow", kSignaled, SIGSEGV, Layer::kRlimit},

    {"empty_input", kExited, 0, Layer::kPipe},
    {"sysinfo", kExited, ENOSYS, kFilter},
    {"kill_parent", kExited, EPERM, kFilter},
    {"kill_everybody", kExited, EPERM, kFilter},
    {"signal_other", kExited, EPERM, kFilter},
    {"others_clock", kExited, EINVAL, kFilter},
    {"set_affinity", kExited, EPERM, kFilter},
    {"terminal", kExited, ENOTTY, kFilter},
    {"exit_seven", kExited, 7, Layer::kKernel},
    {"exit_last", kExited, 254, Layer::kKernel},
    {"exit_from_thread", kExited, 9, Layer::kKernel},
    {"segfault", kSignaled, SIGSEGV, Layer::kKernel},
    {"say_and_crash", kSignaled, SIGSEGV, Layer::kKernel},
    {"illegal", kSignaled, SIGILL, Layer::kKernel},
    {"divide_by_zero", kSignaled, SIGFPE, Layer::kKernel},
};

int Detail(const BoxReport& report) {
  switch (report.outcome) {
    case Outcome::kExited:
      return report.exit_code;
    case Outcome::kSignaled:
      return report.signal;
    case Outcome::kForbiddenCall:
      return report.syscall;
    default:
      return 0;
  }
}

class ContainmentTest : public LaneTest {
 protected:
  // gtest's way to run a table without a process per row: the lane stays.
  static void Check(const Case& expected, Diagnostics diagnostics) {
    BoxSpec spec = SmallBox();
    spec.diagnostics = diagnostics;
    absl::StatusOr<Seen> seen = RunProgram(SharedLane(), HostileProgram(expected.attack), spec);
    ASSERT_TRUE(seen.ok()) << expected.attack << ": " << seen.status();
    const BoxReport& report = seen->report;
    EXPECT_EQ(OutcomeName(report.outcome), OutcomeName(expected.outcome))
        << expected.attack << ": exit " << report.exit_code << " signal " << report.signal
        << " call " << report.syscall << " " << report.setup;
    if (report.outcome != expected.outcome) return;
    const bool untold =
        report.outcome == Outcome::kForbiddenCall && diagnostics == Diagnostics::kSealed;
    EXPECT_EQ(Detail(report), untold ? -1 : expected.detail) << expected.attack;
  }
};

// A kernel built or booted without the 32-bit gate answers it with SIGSEGV before any filter is
// asked.
TEST_F(ContainmentTest, The32BitGateKillsTheWholeProcess) {
  const int outside = std::system((ProgramPath("hostile") + " int80 2>/dev/null").c_str());
  const bool gate = WIFEXITED(outside) && WEXITSTATUS(outside) == 0;
  for (const char* attack : {"int80", "int80_from_thread"}) {
    const Case expected = gate ? Case{attack, kRefused, -1, kFilter}
                               : Case{attack, kSignaled, SIGSEGV, Layer::kKernel};
    Check(expected, Diagnostics::kSealed);
    Check(expected, Diagnostics::kRehearsal);
  }
  // The filter's own check of the architecture is tested where no kernel is needed, in filter_test.
  RecordProperty("int80_gate", gate ? "open" : "closed by the kernel");
}

TEST_F(ContainmentTest, EveryAttackSealed) {
  for (const Case& expected : kCases) Check(expected, Diagnostics::kSealed);
}

TEST_F(ContainmentTest, EveryAttackInRehearsal) {
  for (const Case& expected : kCases) Check(expected, Diagnostics::kRehearsal);
}

// Outside a box, as the same user, and with the view where the environment says.
int RunOutside(const char* attack, const std::string& view) {
  const UniqueFd program = FileOf(ReadFile(ProgramPath("hostile")));
  std::string name(attack);
  std::string place = "PINHOLE_CONTROL_VIEW=" + view;
  char* const arguments[] = {name.data(), name.data(), nullptr};
  char* const environment[] = {place.data(), nullptr};
  const pid_t child = fork();
  if (child == 0) {
    const gid_t group = kViewGid;
    if (setgroups(1, &group) != 0 || setresgid(kLaneGid, kLaneGid, kLaneGid) != 0 ||
        setresuid(kLaneUid, kLaneUid, kLaneUid) != 0 || dup2(open("/dev/null", O_RDWR), 1) < 0) {
      _exit(250);
    }
    fexecve(program.get(), arguments, environment);
    _exit(251);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// The same attacks without the box: if they did not succeed, what the tables above show would prove
// nothing.
TEST_F(ContainmentTest, WithoutTheBoxTheAttacksSucceed) {
  for (const char* attack : {"open_network",
                             "open_network6",
                             "af_unix",
                             "af_netlink",
                             "ptrace",
                             "fork",
                             "vfork",
                             "keyctl",
                             "add_key",
                             "memfd_create",
                             "writable_code",
                             "make_code_writable",
                             "futex_pi",
                             "prctl_tsc",
                             "prctl_dumpable",
                             "seccomp",
                             "pipe_size",
                             "pidfd_open",
                             "process_vm_readv",
                             "inotify",
                             "msgget",
                             "timerfd",
                             "personality",
                             "clone_user_namespace",
                             "unshare",
                             "upper_half",
                             "read_host_file",
                             "read_proc",
                             "read_sys",
                             "open_device",
                             "climb",
                             "open_self",
                             "read_view",
                             "write_view",
                             "create_in_view",
                             "statfs",
                             "fstatfs",
                             "notify",
                             "ask_lock",
                             "lock_view",
                             "flock_view",
                             "residency",
                             "evict",
                             "sysinfo",
                             "others_clock",
                             "set_affinity",
                             "remove_from_view"}) {
    EXPECT_EQ(RunOutside(attack, view_path()), 0) << attack;
  }
}

// Kernels can be built or set not to have these at all.
TEST_F(ContainmentTest, WithoutTheBoxTheAttacksSucceedIfTheKernelHasThem) {
  for (const char* attack : {"io_uring", "userfaultfd", "af_vsock", "perf_event", "memfd_secret",
                             "kcmp", "modify_ldt", "direct_open", "no_wait_read"}) {
    const int result = RunOutside(attack, view_path());
    RecordProperty(attack, result);
    EXPECT_THAT(result,
                testing::AnyOf(0, EPERM, EACCES, ENOSYS, EINVAL, EAFNOSUPPORT, ENOENT, EOPNOTSUPP))
        << attack;
  }
}

}  // namespace
}  // namespace pinhole::sandbox
