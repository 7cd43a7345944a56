// Calls that the box allows or answers, with the arguments that it must not let through.
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

int Result(long value) { return value < 0 ? errno : 0; }

// The child ends at once, so that the control outside leaves nothing behind.
int EndChild(long pid) {
  if (pid == 0) _exit(0);
  return Result(pid);
}

constexpr Named kSpaces[] = {
    {"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS},      {"pid", CLONE_NEWPID},
    {"net", CLONE_NEWNET},   {"ipc", CLONE_NEWIPC},       {"uts", CLONE_NEWUTS},
    {"time", 0x80},          {"cgroup", CLONE_NEWCGROUP}, {"none", 0},
};

// As a child process, with one new namespace; all but the user namespace need one of those too.
int CloneChild(const char* space) {
  const long flags = ValueOf(kSpaces, space);
  const long with_user = flags == 0 ? 0 : flags | CLONE_NEWUSER;
  return EndChild(syscall(SYS_clone, with_user | 17L, 0L, 0L, 0L, 0L));
}

// As a thread. No kernel makes such a thread; the filter has to refuse it all the same.
int CloneThread(const char* space) {
  return Result(syscall(SYS_clone,
                        long{CLONE_VM} | CLONE_SIGHAND | CLONE_THREAD | ValueOf(kSpaces, space), 0L,
                        0L, 0L, 0L));
}

int WritableCode(const char*) {
  void* page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}

int MakeCodeWritable(const char*) {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  return Result(mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

// Where a null pointer of the kernel would lead it.
int MapAtZero(const char*) {
  void* page =
      mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}

constexpr Named kFutexes[] = {
    {"FUTEX_FD", 2},
    {"FUTEX_LOCK_PI", 6},
    {"FUTEX_UNLOCK_PI", 7},
    {"FUTEX_TRYLOCK_PI", 8},
    {"FUTEX_WAIT_REQUEUE_PI", 11},
    {"FUTEX_CMP_REQUEUE_PI", 12},
    {"FUTEX_LOCK_PI2", 13},
    {"FUTEX_LOCK_PI_PRIVATE", 6 | 128},
    {"FUTEX_WAKE", 1},
};

int Futex(const char* operation) {
  static int word = 0;
  return Result(syscall(SYS_futex, &word, ValueOf(kFutexes, operation), 0L, 0L, 0L, 0L));
}

constexpr Named kOptions[] = {
    {"PR_SET_PDEATHSIG", PR_SET_PDEATHSIG},
    {"PR_SET_DUMPABLE", PR_SET_DUMPABLE},
    {"PR_SET_KEEPCAPS", PR_SET_KEEPCAPS},
    {"PR_SET_TIMERSLACK", PR_SET_TIMERSLACK},
    {"PR_SET_TSC", PR_SET_TSC},
    {"PR_SET_SECCOMP", PR_SET_SECCOMP},
    {"PR_SET_MM", PR_SET_MM},
    {"PR_SET_PTRACER", PR_SET_PTRACER},
    {"PR_CAP_AMBIENT", PR_CAP_AMBIENT},
    {"PR_SET_SECUREBITS", PR_SET_SECUREBITS},
    {"PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS},
    {"PR_SET_CHILD_SUBREAPER", PR_SET_CHILD_SUBREAPER},
    {"PR_SCHED_CORE", 62},
    {"PR_SET_SPECULATION_CTRL", PR_SET_SPECULATION_CTRL},
};

int Prctl(const char* option) {
  const long number = ValueOf(kOptions, option);
  return Result(prctl(static_cast<int>(number), 1, 0, 0, 0));
}

constexpr Named kArchOptions[] = {
    {"ARCH_SET_GS", ARCH_SET_GS}, {"ARCH_GET_GS", ARCH_GET_GS}, {"ARCH_SET_CPUID", 0x1012}};

int ArchPrctl(const char* option) {
  static long place = 0;
  return Result(syscall(SYS_arch_prctl, ValueOf(kArchOptions, option), &place));
}

constexpr Named kFileCommands[] = {
    {"F_GETOWN", F_GETOWN},
    {"F_SETOWN", F_SETOWN},
    {"F_SETSIG", 10},
    {"F_SETOWN_EX", 15},
    {"F_GETOWN_EX", 16},
    {"F_SETPIPE_SZ", F_SETPIPE_SZ},
    {"F_GETPIPE_SZ", F_GETPIPE_SZ},
    {"F_ADD_SEALS", F_ADD_SEALS},
    {"F_GET_SEALS", F_GET_SEALS},
    {"F_SET_RW_HINT", 1036},
    {"F_SETLEASE", 1024},
    {"F_GETLEASE", 1025},
    {"F_NOTIFY", 1026},
};

int Fcntl(const char* command) {
  int ends[2];
  if (pipe(ends) != 0) return errno;
  return Result(fcntl(ends[1], static_cast<int>(ValueOf(kFileCommands, command)), 0));
}

// Signals at every write of another would keep that one busy.
int AsynchronousOutput(const char*) { return Result(fcntl(1, F_SETFL, O_ASYNC)); }

int PacketPipe(const char*) {
  int ends[2];
  return Result(pipe2(ends, 040000));  // O_DIRECT
}

constexpr Named kRequests[] = {
    {"TCGETS", TCGETS},       {"TIOCSTI", TIOCSTI},   {"TIOCLINUX", TIOCLINUX},
    {"TIOCSCTTY", TIOCSCTTY}, {"FIONREAD", FIONREAD}, {"FIONBIO", FIONBIO},
    {"FIOASYNC", FIOASYNC},   {"FIOCLEX", FIOCLEX},
};

int Ioctl(const char* request) {
  int ends[2];
  if (pipe(ends) != 0) return errno;
  static long place = 0;
  return Result(ioctl(ends[0], static_cast<unsigned long>(ValueOf(kRequests, request)), &place));
}

constexpr Named kAdvice[] = {
    {"MADV_REMOVE", 9},          {"MADV_MERGEABLE", 12},  {"MADV_UNMERGEABLE", 13},
    {"MADV_COLD", 20},           {"MADV_PAGEOUT", 21},    {"MADV_POPULATE_READ", 22},
    {"MADV_POPULATE_WRITE", 23}, {"MADV_COLLAPSE", 25},   {"MADV_HWPOISON", 100},
    {"MADV_SOFT_OFFLINE", 101},  {"MADV_WIPEONFORK", 18},
};

int Madvise(const char* advice) {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  return Result(madvise(page, 4096, static_cast<int>(ValueOf(kAdvice, advice))));
}

int RaiseLimit(const char*) {
  const rlimit limit{1 << 20, 1 << 20};
  return Result(setrlimit(RLIMIT_NOFILE, &limit));
}

int LowerLimit(const char*) {
  const rlimit limit{0, 0};
  return Result(setrlimit(RLIMIT_CORE, &limit));
}

int LimitsOfOthers(const char*) {
  rlimit limit{};
  return Result(
      syscall(SYS_prlimit64, static_cast<long>(getppid() + 1), long{RLIMIT_CORE}, 0L, &limit));
}

constexpr Named kPtrace[] = {{"PTRACE_TRACEME", PTRACE_TRACEME},
                             {"PTRACE_ATTACH", PTRACE_ATTACH},
                             {"PTRACE_SEIZE", PTRACE_SEIZE}};

int Ptrace(const char* request) {
  return Result(syscall(SYS_ptrace, ValueOf(kPtrace, request), 0L, 0L, 0L));
}

int Seccomp(const char*) {
  return Result(syscall(SYS_seccomp, long{SECCOMP_GET_ACTION_AVAIL}, 0L, "\0\0\xff\x7f"));
}

// A call answered a hundred thousand times: nothing of the host grows with it.
int RefusedFlood(const char*) {
  for (int i = 0; i < 100'000; ++i) {
    if (syscall(SYS_kill, 1L, 0L) == 0) return 0;
  }
  return errno;
}

constexpr Attack kAttacks[] = {
    {"clone_child", CloneChild},
    {"clone_thread", CloneThread},
    {"writable_code", WritableCode},
    {"make_code_writable", MakeCodeWritable},
    {"map_at_zero", MapAtZero},
    {"futex", Futex},
    {"prctl", Prctl},
    {"arch_prctl", ArchPrctl},
    {"fcntl", Fcntl},
    {"asynchronous_output", AsynchronousOutput},
    {"packet_pipe", PacketPipe},
    {"ioctl", Ioctl},
    {"madvise", Madvise},
    {"raise_limit", RaiseLimit},
    {"lower_limit", LowerLimit},
    {"limits_of_others", LimitsOfOthers},
    {"ptrace", Ptrace},
    {"seccomp", Seccomp},
    {"refused_flood", RefusedFlood},
};

}  // namespace

std::span<const Attack> ArgumentAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
