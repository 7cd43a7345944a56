// What a program learns about where it is, and the ways in which it can end.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/containment/hostile.h"

extern char** environ;

namespace pinhole::hostile {
namespace {

int Result(long value) { return value < 0 ? errno : 0; }

int Environment(const char*) {
  for (char** variable = environ; *variable != nullptr; ++variable) puts(*variable);
  return 0;
}

int Descriptors(const char*) {
  for (int fd = 0; fd < 4096; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) printf("%d ", fd);
  }
  return 0;
}

int Identity(const char*) {
  utsname name{};
  uname(&name);
  printf("uid %d %d gid %d %d pid %ld parent %d host %s\n", getuid(), geteuid(), getgid(),
         getegid(), syscall(SYS_getpid), getppid(), name.nodename);
  return 0;
}

int EmptyInput(const char*) {
  char byte;
  const ssize_t length = read(0, &byte, 1);
  return length == 0 ? 0 : 1;
}

int Sysinfo(const char*) {
  struct sysinfo info {};
  return Result(sysinfo(&info));
}

// What the kernel hands to every program that it starts. Addresses differ, the rest must not.
int Auxiliary(const char*) {
  printf("%s %lu %lu %lu %lu %lu\n", reinterpret_cast<const char*>(getauxval(AT_EXECFN)),
         getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_GID), getauxval(AT_EGID),
         getauxval(AT_SECURE));
  return 0;
}

// Where code, stack, heap and library memory lie, and the kernel's 16 random bytes.
int Layout(const char*) {
  static int data = 0;
  int local = 0;
  printf("%p %p %p ", static_cast<void*>(&data), static_cast<void*>(&local), malloc(100));
  const auto* random = reinterpret_cast<const unsigned char*>(getauxval(AT_RANDOM));
  for (int i = 0; i < 16; ++i) printf("%02x", random[i]);
  return 0;
}

int ExitWith(const char* code) { _exit(static_cast<int>(strtol(code, nullptr, 10))); }

// From inside, the first process of a box is deaf to signals that it does not handle.
int SignalItself(const char* number) {
  syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), strtol(number, nullptr, 10));
  return 0;
}

int KillParent(const char*) { return Result(kill(getppid(), SIGKILL)); }
int KillEverybody(const char*) { return Result(kill(-1, SIGKILL)); }
int SignalOther(const char*) { return Result(syscall(SYS_tgkill, 2L, 2L, long{SIGKILL})); }
// How long process 1 has run.
int OthersClock(const char*) {
  timespec time{};
  return Result(clock_gettime(static_cast<clockid_t>(~1 << 3 | 2), &time));
}
int OthersClockResolution(const char*) {
  timespec time{};
  return Result(syscall(SYS_clock_getres, long{~1 << 3 | 2}, &time));
}
int SetAffinity(const char*) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(0, &cores);
  return Result(sched_setaffinity(0, sizeof cores, &cores));
}
int Terminal(const char*) { return isatty(1) == 1 ? 0 : errno; }

int Succeed(const char*) { return 0; }

int Segfault(const char*) {
  volatile int* nowhere = nullptr;
  *nowhere = 1;
  return 0;
}

int Abort(const char*) { abort(); }

int Illegal(const char*) { __builtin_trap(); }

int DivideByZero(const char*) {
  volatile int zero = 0;
  return 7 / zero;
}

int SayError(const char*) {
  fputs("something about row 17\n", stderr);
  return 1;
}

int SayAndCrash(const char*) {
  fputs("12345678", stdout);
  fflush(stdout);
  return Segfault("");
}

void* ExitFromThread(void*) { _exit(9); }

int ExitFromOtherThread(const char*) {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, ExitFromThread, nullptr)) return error;
  for (;;) pause();
}

// Says 8 bytes made of what it read from 0 and 3, as a scorer would.
int Score(const char*) {
  char answer[8] = {};
  if (read(0, answer, 4) != 4 || read(3, answer + 4, 4) != 4) return 1;
  return write(1, answer, sizeof answer) == sizeof answer ? 0 : 2;
}

int KillOwnGroup(const char*) { return Result(kill(0, SIGKILL)); }
int KillFirst(const char*) { return Result(kill(1, SIGKILL)); }

// In the dump of a crash others would read memory; as root's file it would be nobody's to read.
int Crash(const char*) {
  raise(SIGQUIT), raise(SIGABRT);
  abort();
}

constexpr Attack kAttacks[] = {
    {"auxiliary", Auxiliary},
    {"layout", Layout},
    {"exit", ExitWith},
    {"signal_itself", SignalItself},
    {"kill_own_group", KillOwnGroup},
    {"kill_first", KillFirst},
    {"crash", Crash},
    {"environment", Environment},
    {"descriptors", Descriptors},
    {"identity", Identity},
    {"empty_input", EmptyInput},
    {"sysinfo", Sysinfo},
    {"kill_parent", KillParent},
    {"kill_everybody", KillEverybody},
    {"signal_other", SignalOther},
    {"others_clock", OthersClock},
    {"others_clock_resolution", OthersClockResolution},
    {"set_affinity", SetAffinity},
    {"terminal", Terminal},
    {"succeed", Succeed},
    {"segfault", Segfault},
    {"abort", Abort},
    {"illegal", Illegal},
    {"divide_by_zero", DivideByZero},
    {"say_error", SayError},
    {"say_and_crash", SayAndCrash},
    {"exit_from_thread", ExitFromOtherThread},
    {"score", Score},
};

}  // namespace

std::span<const Attack> WorldAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
