// Attacks by system calls that a model has no use for.
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

int Result(long value) { return value < 0 ? errno : 0; }

template <int domain, int type>
int Socket() {
  return Result(socket(domain, type, 0));
}

// A call with six zero arguments: enough to reach the filter, and harmless where there is none.
template <long number>
int Bare() {
  return Result(syscall(number, 0L, 0L, 0L, 0L, 0L, 0L));
}

int Ptrace() { return Result(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }

// The child ends at once, so that the control outside leaves nothing behind.
int EndChild(long pid) {
  if (pid == 0) _exit(0);
  return Result(pid);
}

int Fork() { return EndChild(syscall(SYS_fork)); }
int CloneProcess() { return EndChild(syscall(SYS_clone, 17L, 0L, 0L, 0L, 0L)); }
int Clone3() {
  char arguments[88] = {};
  return Result(syscall(SYS_clone3, arguments, sizeof arguments));
}
int CloneUserNamespace() {
  return EndChild(syscall(SYS_clone, long{CLONE_NEWUSER} | 17L, 0L, 0L, 0L, 0L));
}
int CloneThreadAndUserNamespace() {
  return Result(syscall(SYS_clone, long{CLONE_VM} | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUSER,
                        0L, 0L, 0L, 0L));
}

// A child that goes its own way and keeps standard output open would make a careless supervisor
// wait for ever.
int DaemoniseHoldingStdout() {
  const long pid = syscall(SYS_fork);
  if (pid != 0) return Result(pid);
  setsid();
  pause();
  return 0;
}

int ForkBomb() {
  for (;;) {
    if (syscall(SYS_fork) < 0) return errno;
  }
}

int Keyctl() { return Result(syscall(SYS_keyctl, 0L, -3L, 0L, 0L, 0L)); }
int AddKey() { return Result(syscall(SYS_add_key, "user", "pinhole", "x", 1L, -3L)); }

int IoUring() {
  io_uring_params parameters{};
  return Result(syscall(SYS_io_uring_setup, 4L, &parameters));
}

int Userfaultfd() { return Result(syscall(SYS_userfaultfd, 1L | O_CLOEXEC)); }

int Bpf() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return Result(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

int PerfEvent() {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.exclude_kernel = 1;
  return Result(syscall(SYS_perf_event_open, &attributes, 0L, -1L, -1L, 0L));
}

int Mount() { return Result(mount("none", "/tmp", "tmpfs", 0, nullptr)); }
int Unshare() { return Result(unshare(CLONE_NEWUSER)); }

int SecondExec() {
  char* const arguments[] = {nullptr};
  return Result(execve("/data/program", arguments, arguments));
}

int ExecByDescriptor() {
  const int file = open("/data/program", O_RDONLY);
  if (file < 0) return errno;
  char* const arguments[] = {nullptr};
  return Result(syscall(SYS_execveat, file, "", arguments, arguments, AT_EMPTY_PATH));
}

// The one execveat that the table allows, tried again; and turned to a path.
int ExecByLaunchersDescriptor() {
  char* const arguments[] = {nullptr};
  return Result(syscall(SYS_execveat, 512L, "", arguments, arguments, AT_EMPTY_PATH));
}

int ExecByAbsolutePath() {
  char* const arguments[] = {nullptr};
  return Result(syscall(SYS_execveat, 512L, "/data/program", arguments, arguments, AT_EMPTY_PATH));
}

int RemakeLaunchersDescriptor() {
  const int file = open("/data/program", O_RDONLY);
  if (file < 0) return errno;
  return Result(dup2(file, 512));
}

int MemfdCreate() { return Result(static_cast<long>(syscall(SYS_memfd_create, "x", 0L))); }
int MemfdSecret() { return Result(syscall(SYS_memfd_secret, 0L)); }

int WritableCode() {
  void* page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}

int MakeCodeWritable() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  return Result(mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

// getpid of the 32-bit table, by its own gate.
int Int80() {
  long result = 20;
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result > 0 ? 0 : static_cast<int>(-result);
}

void* Int80InThread(void*) {
  Int80();
  return nullptr;
}

// Killing the thread alone would let the rest go on.
int Int80FromThread() {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, Int80InThread, nullptr)) return error;
  pthread_join(thread, nullptr);
  return 0;
}

int X32() { return Result(syscall(0x40000000L | SYS_getpid)); }
int NoSuchCall() { return Result(syscall(1000L)); }
int MinusOne() { return Result(syscall(-1L)); }
int UpperHalf() { return Result(syscall((1L << 32) | SYS_getpid)); }

int FutexPi() {
  static int word = 0;
  return Result(syscall(SYS_futex, &word, 6L, 0L, 0L, 0L, 0L));  // FUTEX_LOCK_PI
}

int PrctlTsc() { return Result(prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0)); }
int PrctlDumpable() { return Result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }
int Seccomp() {
  return Result(syscall(SYS_seccomp, long{SECCOMP_GET_ACTION_AVAIL}, 0L, "\0\0\xff\x7f"));
}

int PipeSize() {
  int ends[2];
  if (pipe(ends) != 0) return errno;
  return Result(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20));
}

int SelfAsOther() { return Result(syscall(SYS_pidfd_open, static_cast<long>(getpid()), 0L)); }
int Kcmp() {
  const long self = getpid();
  return Result(syscall(SYS_kcmp, self, self, 0L, 0L, 0L));
}

constexpr Attack kAttacks[] = {
    {"open_network", Socket<AF_INET, SOCK_STREAM>},
    {"open_network6", Socket<AF_INET6, SOCK_DGRAM>},
    {"af_unix", Socket<AF_UNIX, SOCK_STREAM>},
    {"af_netlink", Socket<AF_NETLINK, SOCK_RAW>},
    {"af_vsock", Socket<40, SOCK_STREAM>},
    {"af_alg", Socket<38, SOCK_SEQPACKET>},
    {"af_packet", Socket<AF_PACKET, SOCK_RAW>},
    {"ptrace", Ptrace},
    {"fork", Fork},
    {"vfork", CloneProcess},
    {"clone3", Clone3},
    {"clone_user_namespace", CloneUserNamespace},
    {"clone_thread_and_user_namespace", CloneThreadAndUserNamespace},
    {"daemonise_holding_stdout", DaemoniseHoldingStdout},
    {"fork_bomb", ForkBomb},
    {"keyctl", Keyctl},
    {"add_key", AddKey},
    {"request_key", Bare<SYS_request_key>},
    {"io_uring", IoUring},
    {"userfaultfd", Userfaultfd},
    {"bpf", Bpf},
    {"perf_event", PerfEvent},
    {"mount", Mount},
    {"umount", Bare<SYS_umount2>},
    {"chroot", Bare<SYS_chroot>},
    {"pivot_root", Bare<SYS_pivot_root>},
    {"fsopen", Bare<SYS_fsopen>},
    {"open_tree", Bare<SYS_open_tree>},
    {"unshare", Unshare},
    {"setns", Bare<SYS_setns>},
    {"second_exec", SecondExec},
    {"exec_by_descriptor", ExecByDescriptor},
    {"exec_by_launchers_descriptor", ExecByLaunchersDescriptor},
    {"exec_by_absolute_path", ExecByAbsolutePath},
    {"remake_launchers_descriptor", RemakeLaunchersDescriptor},
    {"memfd_create", MemfdCreate},
    {"memfd_secret", MemfdSecret},
    {"writable_code", WritableCode},
    {"make_code_writable", MakeCodeWritable},
    {"int80", Int80},
    {"int80_from_thread", Int80FromThread},
    {"x32", X32},
    {"no_such_call", NoSuchCall},
    {"minus_one", MinusOne},
    {"upper_half", UpperHalf},
    {"futex_pi", FutexPi},
    {"prctl_tsc", PrctlTsc},
    {"prctl_dumpable", PrctlDumpable},
    {"seccomp", Seccomp},
    {"pipe_size", PipeSize},
    {"pidfd_open", SelfAsOther},
    {"kcmp", Kcmp},
    {"process_vm_readv", Bare<SYS_process_vm_readv>},
    {"process_vm_writev", Bare<SYS_process_vm_writev>},
    {"open_by_handle", Bare<SYS_open_by_handle_at>},
    {"name_to_handle", Bare<SYS_name_to_handle_at>},
    {"inotify", Bare<SYS_inotify_init1>},
    {"fanotify", Bare<SYS_fanotify_init>},
    {"shmget", Bare<SYS_shmget>},
    {"msgget", Bare<SYS_msgget>},
    {"semget", Bare<SYS_semget>},
    {"mq_open", Bare<SYS_mq_open>},
    {"socketpair", Bare<SYS_socketpair>},
    {"timerfd", Bare<SYS_timerfd_create>},
    {"settimeofday", Bare<SYS_settimeofday>},
    {"setuid", Bare<SYS_setuid>},
    {"setgroups", Bare<SYS_setgroups>},
    {"capset", Bare<SYS_capset>},
    {"init_module", Bare<SYS_init_module>},
    {"reboot", Bare<SYS_reboot>},
    {"mknod", Bare<SYS_mknod>},
    {"personality", Bare<SYS_personality>},
    {"ioperm", Bare<SYS_ioperm>},
    {"modify_ldt", Bare<SYS_modify_ldt>},
};

}  // namespace

std::span<const Attack> SystemCallAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
