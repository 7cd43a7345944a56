// Attacks by system calls that a model has no use for.
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

int Result(long value) { return value < 0 ? errno : 0; }

template <int domain, int type>
int Socket(const char*) {
  return Result(socket(domain, type, 0));
}

constexpr Named kCalls[] = {
#define CALL(name) {#name, SYS_##name},
#include "sandbox/syscall_names.inc"
#undef CALL
};

// A call with six zero arguments: enough to reach the filter, and harmless where there is none.
int Call(const char* name) {
  return Result(syscall(ValueOf(kCalls, name), 0L, 0L, 0L, 0L, 0L, 0L));
}

// The child ends at once, so that the control outside leaves nothing behind.
int EndChild(long pid) {
  if (pid == 0) _exit(0);
  return Result(pid);
}

int Fork(const char*) { return EndChild(syscall(SYS_fork)); }
int Clone3(const char*) {
  char arguments[88] = {};
  return Result(syscall(SYS_clone3, arguments, sizeof arguments));
}
// A child that goes its own way and keeps standard output open would make a careless supervisor
// wait for ever.
int DaemoniseHoldingStdout(const char*) {
  const long pid = syscall(SYS_fork);
  if (pid != 0) return Result(pid);
  setsid();
  pause();
  return 0;
}

int ForkBomb(const char*) {
  for (;;) {
    if (syscall(SYS_fork) < 0) return errno;
  }
}

int Keyctl(const char*) { return Result(syscall(SYS_keyctl, 0L, -3L, 0L, 0L, 0L)); }
int AddKey(const char*) { return Result(syscall(SYS_add_key, "user", "pinhole", "x", 1L, -3L)); }

int IoUring(const char*) {
  io_uring_params parameters{};
  return Result(syscall(SYS_io_uring_setup, 4L, &parameters));
}

int Userfaultfd(const char*) { return Result(syscall(SYS_userfaultfd, 1L | O_CLOEXEC)); }

int Bpf(const char*) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return Result(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

int PerfEvent(const char*) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.exclude_kernel = 1;
  return Result(syscall(SYS_perf_event_open, &attributes, 0L, -1L, -1L, 0L));
}

int Mount(const char*) { return Result(mount("none", "/tmp", "tmpfs", 0, nullptr)); }
int Unshare(const char*) { return Result(unshare(CLONE_NEWUSER)); }

// Outside, what is executed is this program again, with an attack that succeeds.
int Execute(int file, const char* path, int flags) {
  char name[] = "program";
  char attack[] = "succeed";
  char* const arguments[] = {name, attack, nullptr};
  char* const environment[] = {nullptr};
  return Result(syscall(SYS_execveat, file, path, arguments, environment, flags));
}

int SecondExec(const char*) {
  char name[] = "program";
  char attack[] = "succeed";
  char* const arguments[] = {name, attack, nullptr};
  return Result(execv(View("/program").c_str(), arguments));
}

int ExecByDescriptor(const char*) {
  const int file = open(View("/program").c_str(), O_RDONLY);
  return file < 0 ? errno : Execute(file, "", AT_EMPTY_PATH);
}

// The one execveat that the table allows, tried again; and turned to a path.
int ExecByLaunchersDescriptor(const char*) { return Execute(512, "", AT_EMPTY_PATH); }
int ExecByAbsolutePath(const char*) {
  return Execute(512, View("/program").c_str(), AT_EMPTY_PATH);
}

int RemakeLaunchersDescriptor(const char*) {
  const int file = open(View("/program").c_str(), O_RDONLY);
  return file < 0 ? errno : Result(dup2(file, 512));
}

int MemfdCreate(const char*) {
  return Result(static_cast<long>(syscall(SYS_memfd_create, "x", 0L)));
}
int MemfdSecret(const char*) { return Result(syscall(SYS_memfd_secret, 0L)); }

int SelfAsOther(const char*) {
  return Result(syscall(SYS_pidfd_open, static_cast<long>(getpid()), 0L));
}
int Kcmp(const char*) {
  const long self = getpid();
  return Result(syscall(SYS_kcmp, self, self, 0L, 0L, 0L));
}

constexpr Attack kAttacks[] = {
    {"call", Call},
    {"open_network", Socket<AF_INET, SOCK_STREAM>},
    {"open_network6", Socket<AF_INET6, SOCK_DGRAM>},
    {"af_unix", Socket<AF_UNIX, SOCK_STREAM>},
    {"af_netlink", Socket<AF_NETLINK, SOCK_RAW>},
    {"af_vsock", Socket<40, SOCK_STREAM>},
    {"af_alg", Socket<38, SOCK_SEQPACKET>},
    {"af_packet", Socket<AF_PACKET, SOCK_RAW>},
    {"fork", Fork},
    {"clone3", Clone3},
    {"daemonise_holding_stdout", DaemoniseHoldingStdout},
    {"fork_bomb", ForkBomb},
    {"keyctl", Keyctl},
    {"add_key", AddKey},
    {"io_uring", IoUring},
    {"userfaultfd", Userfaultfd},
    {"bpf", Bpf},
    {"perf_event", PerfEvent},
    {"mount", Mount},
    {"unshare", Unshare},
    {"second_exec", SecondExec},
    {"exec_by_descriptor", ExecByDescriptor},
    {"exec_by_launchers_descriptor", ExecByLaunchersDescriptor},
    {"exec_by_absolute_path", ExecByAbsolutePath},
    {"remake_launchers_descriptor", RemakeLaunchersDescriptor},
    {"memfd_create", MemfdCreate},
    {"memfd_secret", MemfdSecret},
    {"pidfd_open", SelfAsOther},
    {"kcmp", Kcmp},
};

}  // namespace

std::span<const Attack> SystemCallAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
