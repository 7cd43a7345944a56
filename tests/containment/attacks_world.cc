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

int Environment() {
  for (char** variable = environ; *variable != nullptr; ++variable) puts(*variable);
  return 0;
}

int Descriptors() {
  for (int fd = 0; fd < 4096; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) printf("%d ", fd);
  }
  return 0;
}

int Identity() {
  utsname name{};
  uname(&name);
  printf("uid %d %d gid %d %d pid %ld parent %d host %s\n", getuid(), geteuid(), getgid(),
         getegid(), syscall(SYS_getpid), getppid(), name.nodename);
  return 0;
}

int EmptyInput() {
  char byte;
  const ssize_t length = read(0, &byte, 1);
  return length == 0 ? 0 : 1;
}

int Sysinfo() {
  struct sysinfo info {};
  return Result(sysinfo(&info));
}

int KillParent() { return Result(kill(getppid(), SIGKILL)); }
int KillEverybody() { return Result(kill(-1, SIGKILL)); }
int SignalOther() { return Result(syscall(SYS_tgkill, 2L, 2L, long{SIGKILL})); }
int OthersClock() {
  timespec time{};
  return Result(clock_gettime(static_cast<clockid_t>(~2 << 3 | 2), &time));
}
int SetAffinity() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(0, &cores);
  return Result(sched_setaffinity(0, sizeof cores, &cores));
}
int Terminal() { return isatty(1) == 1 ? 0 : errno; }

int ExitSeven() { return 7; }
int ExitLast() { return 254; }
int Succeed() { return 0; }

int Segfault() {
  volatile int* nowhere = nullptr;
  *nowhere = 1;
  return 0;
}

int Abort() { abort(); }

int Illegal() { __builtin_trap(); }

int DivideByZero() {
  volatile int zero = 0;
  return 7 / zero;
}

int SayError() {
  fputs("something about row 17\n", stderr);
  return 1;
}

int SayAndCrash() {
  fputs("12345678", stdout);
  fflush(stdout);
  return Segfault();
}

void* ExitFromThread(void*) { _exit(9); }

int ExitFromOtherThread() {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, ExitFromThread, nullptr)) return error;
  for (;;) pause();
}

// Says 8 bytes made of what it read from 0 and 3, as a scorer would.
int Score() {
  char answer[8] = {};
  if (read(0, answer, 4) != 4 || read(3, answer + 4, 4) != 4) return 1;
  return write(1, answer, sizeof answer) == sizeof answer ? 0 : 2;
}

constexpr Attack kAttacks[] = {
    {"environment", Environment},
    {"descriptors", Descriptors},
    {"identity", Identity},
    {"empty_input", EmptyInput},
    {"sysinfo", Sysinfo},
    {"kill_parent", KillParent},
    {"kill_everybody", KillEverybody},
    {"signal_other", SignalOther},
    {"others_clock", OthersClock},
    {"set_affinity", SetAffinity},
    {"terminal", Terminal},
    {"exit_seven", ExitSeven},
    {"exit_last", ExitLast},
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
