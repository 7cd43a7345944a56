// The calls a boxed program may make, and why each is here.
//
// Read it as a list of holes. A value is compared as the kernel will read it: an int argument
// through the low 32 bits, so a caller's garbage above them neither refuses a good call nor passes
// a bad one.
#include "sandbox/launcher/syscalls.h"

#include <asm/prctl.h>
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

namespace pinhole::sandbox::launcher {
namespace {

using Test = Condition::Test;

constexpr uint64_t kInt = 0xffffffff;

constexpr Condition Is(uint8_t argument, uint64_t value) {
  return {Test::kMasked, argument, kInt, value & kInt};
}
constexpr Condition Bits(uint8_t argument, uint64_t mask, uint64_t value) {
  return {Test::kMasked, argument, mask, value};
}
constexpr Condition Exactly(uint8_t argument, uint64_t value) {
  return {Test::kEqual, argument, 0, value};
}
constexpr Condition Not(uint8_t argument, uint64_t value) {
  return {Test::kNotEqual, argument, 0, value};
}
constexpr Condition AtMost(uint8_t argument, uint64_t value) {
  return {Test::kAtMost, argument, 0, value};
}
constexpr Condition MoreThan(uint8_t argument, uint64_t value) {
  return {Test::kMoreThan, argument, 0, value};
}

constexpr Row Allow(int call, For who, const char* why, Condition a = {}, Condition b = {},
                    Condition c = {}) {
  return {call, who, Verdict::kAllow, 0, {a, b, c}, why};
}
constexpr Row Answer(int call, int answer, For who, const char* why, Condition a = {},
                     Condition b = {}, Condition c = {}) {
  return {call, who, Verdict::kAnswer, answer, {a, b, c}, why};
}

constexpr For kBoth = For::kBoth;
constexpr For kStatic = For::kStatic;
constexpr For kScorer = For::kScorer;

// Bits of open flags that <fcntl.h> spells differently in different modes.
constexpr uint64_t kDirect = 040000;       // O_DIRECT
constexpr uint64_t kNameless = 020000000;  // the bit of O_TMPFILE that is not O_DIRECTORY
constexpr uint64_t kAsync = 020000;        // O_ASYNC
constexpr int kGetLeaseFirst = 1024;       // F_SETLEASE, F_GETLEASE, F_NOTIFY are 1024..1026
constexpr uint64_t kThread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
constexpr uint64_t kNotThread = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_VFORK |
                                CLONE_PTRACE | CLONE_UNTRACED | CLONE_PARENT | CLONE_PIDFD;
constexpr uint64_t kWriteExec = PROT_WRITE | PROT_EXEC;
constexpr uint64_t kFutexOperation = kInt & ~uint64_t{FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME};
constexpr uint64_t kBoxProcess = 1;              // the program is process 1 of its box
constexpr uint64_t kAnonymousName = 0x53564d41;  // PR_SET_VMA
constexpr uint64_t kShadowStackStatus = 0x3001;  // ARCH_CET_STATUS, as glibc asks at start
constexpr uint64_t kLastFixedClock =
    11;  // CLOCK_TAI; above: clocks of descriptors and of other processes

constexpr Row kCalls[] = {
    // Start and end.
    Allow(__NR_execveat, kBoth,
          "becomes the program; never again, as the descriptor is out of reach", Is(0, kProgramFd),
          Is(4, AT_EMPTY_PATH)),
    Allow(__NR_exit, kBoth, "a thread ends"),
    Allow(__NR_exit_group, kBoth, "the program ends"),
    Allow(__NR_arch_prctl, kBoth, "thread-local storage", Is(0, ARCH_SET_FS)),
    Allow(__NR_arch_prctl, kBoth, "thread-local storage", Is(0, ARCH_GET_FS)),
    Answer(__NR_arch_prctl, EINVAL, kBoth, "glibc asks for shadow stacks",
           Is(0, kShadowStackStatus)),
    Allow(__NR_set_tid_address, kBoth, "libc start"),
    Allow(__NR_set_robust_list, kBoth, "libc start"),
    Allow(__NR_rseq, kBoth, "libc start"),
    Allow(__NR_prlimit64, kBoth, "reads its own limits", Is(0, 0), Exactly(2, 0)),
    Answer(__NR_prlimit64, EPERM, kBoth, "limits do not change", Is(0, 0), Not(2, 0)),
    Allow(__NR_getrlimit, kStatic, "reads its own limits (Go)"),
    Answer(__NR_setrlimit, EPERM, kStatic, "limits do not change"),
    Allow(__NR_restart_syscall, kBoth, "the kernel resumes an interrupted wait"),

    // Memory.
    Allow(__NR_brk, kBoth, "heap"),
    Allow(__NR_mmap, kBoth, "memory, files to read", Bits(2, PROT_EXEC, 0)),
    Allow(__NR_mmap, kStatic, "code, not writable", Bits(2, kWriteExec, PROT_EXEC)),
    Allow(__NR_mprotect, kBoth, "guard pages, read-only data", Bits(2, PROT_EXEC, 0)),
    Allow(__NR_mprotect, kStatic, "code made before, no longer writable",
          Bits(2, kWriteExec, PROT_EXEC)),
    Allow(__NR_munmap, kBoth, "memory"),
    Allow(__NR_mremap, kBoth, "realloc"),
    Allow(__NR_msync, kStatic, "a mapped file of /tmp"),
    Allow(__NR_madvise, kBoth, "own memory", AtMost(2, MADV_DONTNEED)),
    Allow(__NR_madvise, kBoth, "own memory", Is(2, MADV_FREE)),
    Allow(__NR_madvise, kStatic, "own memory", Is(2, MADV_HUGEPAGE)),
    Allow(__NR_madvise, kStatic, "own memory", Is(2, MADV_NOHUGEPAGE)),
    Allow(__NR_madvise, kStatic, "own memory", Is(2, MADV_DONTDUMP)),
    Allow(__NR_madvise, kStatic, "own memory", Is(2, MADV_DODUMP)),
    Answer(__NR_madvise, EINVAL, kStatic, "merging pages could be timed from another box",
           Is(2, MADV_MERGEABLE)),
    Answer(__NR_madvise, EINVAL, kStatic, "would evict pages that boxes share", Is(2, MADV_COLD)),
    Answer(__NR_madvise, EINVAL, kStatic, "would evict pages that boxes share",
           Is(2, MADV_PAGEOUT)),
    Answer(__NR_madvise, EINVAL, kStatic, "Go tries it and goes on", Is(2, 25)),  // MADV_COLLAPSE
    Answer(__NR_mincore, ENOSYS, kStatic, "residency of shared pages"),
    Answer(__NR_mlock, EPERM, kStatic, "memory is limited, not pinned"),
    Answer(__NR_munlock, EPERM, kStatic, "memory is limited, not pinned"),
    Answer(__NR_mlock2, EPERM, kStatic, "memory is limited, not pinned"),
    Answer(__NR_mlockall, EPERM, kStatic, "memory is limited, not pinned"),
    Answer(__NR_get_mempolicy, ENOSYS, kStatic, "numerical libraries ask, and go on"),
    Answer(__NR_set_mempolicy, ENOSYS, kStatic, "numerical libraries ask, and go on"),
    Answer(__NR_mbind, ENOSYS, kStatic, "numerical libraries ask, and go on"),
    Answer(__NR_membarrier, ENOSYS, kStatic, "allocators ask, and go on"),

    // Threads.
    Allow(__NR_clone, kStatic, "a thread of this process, nothing else",
          Bits(0, kThread | kNotThread, kThread)),
    Answer(__NR_clone3, ENOSYS, kStatic,
           "its flags are in memory, out of sight; libc falls back to clone"),
    Allow(__NR_futex, kBoth, "locks", Bits(1, kFutexOperation, FUTEX_WAIT)),
    Allow(__NR_futex, kBoth, "locks", Bits(1, kFutexOperation, FUTEX_WAKE)),
    Allow(__NR_futex, kStatic, "locks", Bits(1, kFutexOperation, FUTEX_REQUEUE)),
    Allow(__NR_futex, kStatic, "locks", Bits(1, kFutexOperation, FUTEX_CMP_REQUEUE)),
    Allow(__NR_futex, kStatic, "locks", Bits(1, kFutexOperation, FUTEX_WAKE_OP)),
    Allow(__NR_futex, kStatic, "locks", Bits(1, kFutexOperation, FUTEX_WAIT_BITSET)),
    Allow(__NR_futex, kStatic, "locks", Bits(1, kFutexOperation, FUTEX_WAKE_BITSET)),
    Allow(__NR_gettid, kBoth, "own number"),
    Allow(__NR_getpid, kBoth, "own number, always 1"),
    Allow(__NR_sched_yield, kStatic, "spinning locks"),
    Allow(__NR_sched_getaffinity, kStatic, "how many threads are of use"),
    Answer(__NR_sched_setaffinity, EPERM, kStatic, "cores are the lane's"),
    Answer(__NR_sched_setscheduler, EPERM, kStatic, "cores are the lane's"),
    Answer(__NR_sched_getscheduler, EPERM, kStatic, "cores are the lane's"),
    Answer(__NR_sched_getparam, EPERM, kStatic, "cores are the lane's"),
    Answer(__NR_getpriority, EPERM, kStatic, "cores are the lane's"),
    Answer(__NR_setpriority, EPERM, kStatic, "cores are the lane's"),
    Allow(__NR_prctl, kStatic, "names a thread", Is(0, PR_SET_NAME)),
    Allow(__NR_prctl, kStatic, "names a thread", Is(0, PR_GET_NAME)),
    Allow(__NR_prctl, kScorer, "seals itself: a second filter can only narrow this one",
          Is(0, PR_SET_NO_NEW_PRIVS)),
    Allow(__NR_prctl, kScorer, "seals itself before it reads a byte", Is(0, PR_SET_SECCOMP)),
    Answer(__NR_prctl, EINVAL, kStatic, "Go names its memory, and goes on", Is(0, kAnonymousName)),

    // Signals, within the process.
    Allow(__NR_rt_sigaction, kBoth, "handlers"),
    Allow(__NR_rt_sigprocmask, kBoth, "handlers"),
    Allow(__NR_rt_sigreturn, kBoth, "handlers"),
    Allow(__NR_sigaltstack, kBoth, "handlers"),
    Allow(__NR_rt_sigpending, kStatic, "handlers"),
    Allow(__NR_rt_sigsuspend, kStatic, "handlers"),
    Allow(__NR_rt_sigtimedwait, kStatic, "handlers"),
    Allow(__NR_pause, kStatic, "waits"),
    Allow(__NR_tgkill, kBoth, "abort, Go's preemption", Exactly(0, kBoxProcess)),
    Answer(__NR_tgkill, EPERM, kStatic, "there is nobody to signal", Not(0, kBoxProcess)),
    Answer(__NR_tkill, EPERM, kStatic, "tgkill with its own number is enough"),
    Answer(__NR_kill, EPERM, kStatic, "there is nobody to signal"),

    // Files. What is there to open is the root's business: /data, read-only, and /tmp.
    Allow(__NR_read, kBoth, "files, input"),
    Allow(__NR_write, kBoth, "predictions, /tmp"),
    Allow(__NR_readv, kBoth, "files"),
    Allow(__NR_writev, kBoth, "files; abort messages"),
    Allow(__NR_pread64, kBoth, "files"),
    Allow(__NR_pwrite64, kStatic, "/tmp"),
    Allow(__NR_preadv, kStatic, "files"),
    Allow(__NR_pwritev, kStatic, "/tmp"),
    Answer(__NR_preadv2, ENOSYS, kStatic, "RWF_NOWAIT tells residency of shared pages"),
    Answer(__NR_pwritev2, ENOSYS, kStatic, "as preadv2"),
    Allow(__NR_lseek, kBoth, "files"),
    Allow(__NR_close, kBoth, "files"),
    Allow(__NR_close_range, kStatic, "files"),
    Allow(__NR_fstat, kBoth, "files"),
    Allow(__NR_newfstatat, kBoth, "files"),
    Allow(__NR_statx, kStatic, "files (Rust)"),
    Allow(__NR_stat, kStatic, "files"),
    Allow(__NR_lstat, kStatic, "files"),
    Allow(__NR_access, kStatic, "files"),
    Allow(__NR_faccessat, kStatic, "files"),
    Allow(__NR_faccessat2, kStatic, "files"),
    Allow(__NR_readlink, kBoth, "libc start asks for /proc/self/exe; there is none"),
    Allow(__NR_readlinkat, kBoth, "as readlink"),
    Allow(__NR_getcwd, kStatic, "paths"),
    Allow(__NR_chdir, kStatic, "paths"),
    Allow(__NR_fchdir, kStatic, "paths"),
    Allow(__NR_getdents64, kStatic, "directories"),
    Allow(__NR_getdents, kStatic, "directories"),
    Allow(__NR_openat, kStatic, "files", Bits(2, kDirect | kNameless, 0)),
    Answer(__NR_openat, EINVAL, kStatic, "O_DIRECT goes round the pages that boxes share",
           Bits(2, kDirect, kDirect)),
    Answer(__NR_openat, EOPNOTSUPP, kStatic, "O_TMPFILE: a file without a name has no use here",
           Bits(2, kDirect | kNameless, kNameless)),
    Allow(__NR_open, kStatic, "as openat", Bits(1, kDirect | kNameless, 0)),
    Answer(__NR_open, EINVAL, kStatic, "as openat", Bits(1, kDirect, kDirect)),
    Answer(__NR_open, EOPNOTSUPP, kStatic, "as openat", Bits(1, kDirect | kNameless, kNameless)),
    Answer(__NR_openat2, ENOSYS, kStatic, "its flags are in memory; openat is enough"),
    Allow(__NR_creat, kStatic, "/tmp"),
    Allow(__NR_unlink, kStatic, "/tmp"),
    Allow(__NR_unlinkat, kStatic, "/tmp"),
    Allow(__NR_rename, kStatic, "/tmp"),
    Allow(__NR_renameat, kStatic, "/tmp"),
    Allow(__NR_renameat2, kStatic, "/tmp"),
    Allow(__NR_mkdir, kStatic, "/tmp"),
    Allow(__NR_mkdirat, kStatic, "/tmp"),
    Allow(__NR_rmdir, kStatic, "/tmp"),
    Allow(__NR_truncate, kStatic, "/tmp"),
    Allow(__NR_ftruncate, kStatic, "/tmp"),
    Allow(__NR_fallocate, kStatic, "/tmp, within its size"),
    Allow(__NR_fsync, kStatic, "/tmp is memory; costs nothing"),
    Allow(__NR_fdatasync, kStatic, "as fsync"),
    Allow(__NR_umask, kStatic, "/tmp"),
    Allow(__NR_chmod, kStatic, "/tmp"),
    Allow(__NR_fchmod, kStatic, "/tmp"),
    Allow(__NR_fchmodat, kStatic, "/tmp"),
    Allow(__NR_utimensat, kStatic, "/tmp"),
    Answer(__NR_symlink, EPERM, kStatic, "no use here"),
    Answer(__NR_symlinkat, EPERM, kStatic, "no use here"),
    Answer(__NR_link, EPERM, kStatic, "no use here"),
    Answer(__NR_linkat, EPERM, kStatic, "no use here"),
    Answer(__NR_chown, EPERM, kStatic, "one user only"),
    Answer(__NR_fchown, EPERM, kStatic, "one user only"),
    Answer(__NR_lchown, EPERM, kStatic, "one user only"),
    Answer(__NR_fchownat, EPERM, kStatic, "one user only"),
    Answer(__NR_statfs, ENOSYS, kStatic, "free space of the host, seen through /data"),
    Answer(__NR_fstatfs, ENOSYS, kStatic, "as statfs"),
    Answer(__NR_fadvise64, 0, kStatic, "would evict or load pages that boxes share"),
    Answer(__NR_readahead, 0, kStatic, "as fadvise64"),
    Answer(__NR_sync_file_range, ENOSYS, kStatic, "/tmp is memory"),
    Answer(__NR_copy_file_range, ENOSYS, kStatic, "programs fall back to read and write"),
    Answer(__NR_sendfile, ENOSYS, kStatic, "programs fall back to read and write"),
    Answer(__NR_splice, ENOSYS, kStatic, "programs fall back to read and write"),
    Answer(__NR_ioctl, ENOTTY, kBoth, "is it a terminal? it never is"),

    // Descriptors.
    Allow(__NR_dup, kStatic, "descriptors"),
    Allow(__NR_dup2, kStatic, "descriptors"),
    Allow(__NR_dup3, kStatic, "descriptors"),
    Allow(__NR_fcntl, kStatic, "descriptors", Is(1, F_DUPFD)),
    Allow(__NR_fcntl, kStatic, "descriptors", Is(1, F_DUPFD_CLOEXEC)),
    Allow(__NR_fcntl, kStatic, "descriptors", Is(1, F_GETFD)),
    Allow(__NR_fcntl, kStatic, "descriptors", Is(1, F_SETFD)),
    Allow(__NR_fcntl, kStatic, "descriptors", Is(1, F_GETFL)),
    Allow(__NR_fcntl, kStatic, "O_NONBLOCK and O_APPEND, never O_DIRECT or O_ASYNC", Is(1, F_SETFL),
          Bits(2, kDirect | kAsync, 0)),
    Answer(__NR_fcntl, EINVAL, kStatic, "O_DIRECT, as in openat", Is(1, F_SETFL),
           Bits(2, kDirect, kDirect)),
    Answer(__NR_fcntl, 0, kStatic,
           "locks of a shared file could be seen from another box; SQLite wants a yes",
           Is(1, F_SETLK)),
    Answer(__NR_fcntl, 0, kStatic, "as F_SETLK", Is(1, F_SETLKW)),
    Answer(__NR_fcntl, 0, kStatic, "as F_SETLK", Is(1, F_OFD_SETLK)),
    Answer(__NR_fcntl, 0, kStatic, "as F_SETLK", Is(1, F_OFD_SETLKW)),
    Answer(__NR_fcntl, EPERM, kStatic, "would show another box's locks", Is(1, F_GETLK)),
    Answer(__NR_fcntl, EPERM, kStatic, "would show another box's locks", Is(1, F_OFD_GETLK)),
    Answer(__NR_fcntl, EPERM, kStatic, "leases can be seen from another box",
           Is(1, kGetLeaseFirst)),
    Answer(__NR_fcntl, EPERM, kStatic, "leases can be seen from another box",
           Is(1, kGetLeaseFirst + 1)),
    Answer(__NR_fcntl, EPERM, kStatic, "opens of another box", Is(1, kGetLeaseFirst + 2)),
    Answer(__NR_flock, 0, kStatic, "as F_SETLK"),
    Allow(__NR_pipe, kStatic, "threads wake each other"),
    Allow(__NR_pipe2, kStatic, "threads wake each other", Bits(1, kDirect, 0)),
    Allow(__NR_eventfd2, kStatic, "threads wake each other (Go)"),
    Allow(__NR_poll, kStatic, "waits"),
    Allow(__NR_ppoll, kStatic, "waits"),
    Allow(__NR_select, kStatic, "waits"),
    Allow(__NR_pselect6, kStatic, "waits"),
    Allow(__NR_epoll_create, kStatic, "waits (Go)"),
    Allow(__NR_epoll_create1, kStatic, "waits (Go)"),
    Allow(__NR_epoll_ctl, kStatic, "waits (Go)"),
    Allow(__NR_epoll_wait, kStatic, "waits (Go)"),
    Allow(__NR_epoll_pwait, kStatic, "waits (Go)"),
    Answer(__NR_epoll_pwait2, ENOSYS, kStatic, "epoll_pwait is enough"),

    // Time and chance. The vDSO and the processor give the time without a call, so refusing it here
    // would hide nothing.
    Allow(__NR_clock_gettime, kBoth, "time", AtMost(0, kLastFixedClock)),
    Answer(__NR_clock_gettime, EINVAL, kStatic, "clocks of others", MoreThan(0, kLastFixedClock)),
    Allow(__NR_clock_getres, kStatic, "time", AtMost(0, kLastFixedClock)),
    Allow(__NR_gettimeofday, kStatic, "time"),
    Allow(__NR_time, kStatic, "time"),
    Allow(__NR_times, kStatic, "own processor time"),
    Allow(__NR_getrusage, kStatic, "own processor time"),
    Allow(__NR_getcpu, kStatic, "own core; an instruction tells as much"),
    Allow(__NR_nanosleep, kStatic, "waits"),
    Allow(__NR_clock_nanosleep, kStatic, "waits"),
    Answer(__NR_setitimer, ENOSYS, kStatic, "profilers"),
    Answer(__NR_getitimer, ENOSYS, kStatic, "profilers"),
    Answer(__NR_timer_create, ENOSYS, kStatic, "profilers"),
    Answer(__NR_alarm, 0, kStatic, "as setitimer"),
    Allow(__NR_getrandom, kBoth, "seeds"),

    // Who and where am I: constants.
    Allow(__NR_getuid, kStatic, "constant"),
    Allow(__NR_geteuid, kStatic, "constant"),
    Allow(__NR_getgid, kStatic, "constant"),
    Allow(__NR_getegid, kStatic, "constant"),
    Allow(__NR_getresuid, kStatic, "constant"),
    Allow(__NR_getresgid, kStatic, "constant"),
    Allow(__NR_getppid, kStatic, "constant, 0"),
    Allow(__NR_getpgrp, kStatic, "constant"),
    Allow(__NR_getpgid, kStatic, "constant"),
    Allow(__NR_getsid, kStatic, "constant"),
    Answer(__NR_setsid, EPERM, kStatic, "already done"),
    Answer(__NR_setpgid, EPERM, kStatic, "already done"),
    Allow(__NR_uname, kStatic, "host name is a constant"),
    Answer(__NR_sysinfo, ENOSYS, kStatic, "load and free memory of the host"),
    Answer(__NR_capget, EPERM, kStatic, "there are none"),
    Answer(__NR_wait4, ECHILD, kStatic, "there are no children"),
    Answer(__NR_waitid, ECHILD, kStatic, "there are no children"),
};

}  // namespace

Table Calls() { return {kCalls, sizeof kCalls / sizeof kCalls[0]}; }

}  // namespace pinhole::sandbox::launcher
