// Attacks on what a box may use: memory, time, threads, output, scratch.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

int MemoryBomb(const char*) {
  for (;;) {
    void* part =
        mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (part == MAP_FAILED) return errno;
    memset(part, 1, kMebibyte);
  }
}

int SharedMemoryBomb(const char*) {
  for (;;) {
    void* part =
        mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (part == MAP_FAILED) return errno;
    memset(part, 1, kMebibyte);
  }
}

// One touched page every two mebibytes: most of the memory is page tables.
int PageTableBomb(const char*) {
  constexpr size_t kSpan = size_t{1} << 40;
  auto* place = static_cast<char*>(mmap(nullptr, kSpan, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (place == MAP_FAILED) return errno;
  for (size_t at = 0; at < kSpan; at += 2 * kMebibyte) place[at] = 1;
  return 0;
}

int FillScratch(const char*) {
  static char block[kMebibyte];
  memset(block, 1, sizeof block);
  const int file = open("/tmp/fill", O_WRONLY | O_CREAT, 0600);
  if (file < 0) return errno;
  while (write(file, block, sizeof block) > 0) {
  }
  return errno;
}

int FillInodes(const char*) {
  char name[32];
  for (int i = 0;; ++i) {
    snprintf(name, sizeof name, "/tmp/%d", i);
    const int file = open(name, O_WRONLY | O_CREAT, 0600);
    if (file < 0) return errno;
    close(file);
  }
}

int CpuSpin(const char*) {
  volatile bool on = true;
  while (on) {
  }
  return 0;
}

void* SpinInThread(void*) {
  CpuSpin("");
  return nullptr;
}

int CpuSpinTwoThreads(const char*) {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, SpinInThread, nullptr)) return error;
  return CpuSpin("");
}

int SleepForever(const char*) {
  for (;;) pause();
}

int BlockEverySignal(const char*) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  return SleepForever("");
}

int StopSelf(const char*) {
  syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGSTOP);
  return 0;
}

void* Wait(void*) {
  for (;;) pause();
}

// Says how many threads there were room for, the first one included.
int ThreadBomb(const char*) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  for (int threads = 1;; ++threads) {
    pthread_t thread;
    if (const int error = pthread_create(&thread, &attributes, Wait, nullptr)) {
      printf("%d", threads);
      fflush(stdout);
      return error;
    }
  }
}

// The first thread ends and another goes on: the process is still there.
int LeaderLeaves(const char*) {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, Wait, nullptr)) return error;
  syscall(SYS_exit, 0L);
  return 0;
}

int Flood(int target, size_t bytes) {
  static char block[64 << 10];
  memset(block, 'x', sizeof block);
  for (size_t written = 0; written < bytes; written += sizeof block) {
    if (write(target, block, sizeof block) < 0) return errno;
  }
  return 0;
}

int StdoutFlood(const char*) { return Flood(1, size_t{1} << 60); }
int StderrFlood(const char*) { return Flood(2, 32 * kMebibyte); }

int StdoutFill(const char*) { return Flood(1, kMebibyte); }

int StdoutByBytes(const char*) {
  for (int i = 0; i < 5000; ++i) {
    if (write(1, "x", 1) != 1) return errno;
  }
  return 0;
}

int DescriptorBomb(const char*) {
  for (int count = 0;; ++count) {
    if (dup(1) < 0) {
      printf("%d", count);
      fflush(stdout);
      return errno;
    }
  }
}

// Bounded, so that a box without its limit is shown without harm to the machine.
int Touch(const char* mebibytes) {
  const size_t count = static_cast<size_t>(strtol(mebibytes, nullptr, 10));
  for (size_t i = 0; i < count; ++i) {
    void* part =
        mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (part == MAP_FAILED) return errno;
    memset(part, 1, kMebibyte);
  }
  return 0;
}

int SomeThreads(const char* wanted) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  for (long i = strtol(wanted, nullptr, 10); i > 1; --i) {
    pthread_t thread;
    if (const int error = pthread_create(&thread, &attributes, Wait, nullptr)) return error;
  }
  return 0;
}

int StayWithThreads(const char*) {
  for (int i = 1; i < 3; ++i) {
    pthread_t thread;
    if (const int error = pthread_create(&thread, nullptr, Wait, nullptr)) return error;
  }
  for (;;) pause();
}

// Mappings that cannot be merged, each a structure of the kernel's.
int ManyMappings(const char*) {
  constexpr size_t kPages = 1'000'000;
  auto* place = static_cast<char*>(
      mmap(nullptr, kPages * 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (place == MAP_FAILED) return errno;
  for (size_t i = 0; i < kPages; ++i) {
    if (mprotect(place + i * 8192, 4096, PROT_READ) != 0) return errno;
  }
  return 0;
}

// Pipes full of bytes: memory of the kernel's, counted as the box's.
int PipeBomb(const char*) {
  static char block[64 << 10];
  for (;;) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) return errno;
    while (write(ends[1], block, sizeof block) > 0) {
    }
  }
}

int EpollBomb(const char*) {
  for (;;) {
    const int set = epoll_create1(0);
    if (set < 0) return errno;
    epoll_event event{};
    for (int other = 0; other < set; ++other) epoll_ctl(set, EPOLL_CTL_ADD, other, &event);
  }
}

void OnLimit(int) {}

// Goes on at the kernel's own warning.
int IgnoreTimeLimit(const char*) {
  signal(SIGXCPU, OnLimit);
  return CpuSpin("");
}

int WaitForNobody(const char*) {
  static int word = 0;
  for (;;) syscall(SYS_futex, &word, 0L, 0L, nullptr, nullptr, 0L);
}

// Always a little, so that a limit on silence would never end it.
int SlowDrip(const char*) {
  for (;;) {
    const timespec moment{0, 20'000'000};
    nanosleep(&moment, nullptr);
    if (write(1, "x", 1) != 1) return errno;
  }
}

int CloseOutput(const char*) {
  close(1);
  return write(1, "x", 1) < 0 ? errno : 0;
}

// The box's end of the pipe alone becomes non-blocking; what fits is written.
int NonblockingOutput(const char*) {
  static char block[1 << 10];
  if (fcntl(1, F_SETFL, O_NONBLOCK) != 0) return errno;
  for (int i = 0; i < 1000; ++i) {
    if (write(1, block, sizeof block) < 0 && errno != EAGAIN) return errno;
  }
  return 0;
}

int Recurse(int depth) {
  volatile char block[4096];
  block[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : Recurse(depth + 1) + block[0];
}

int StackOverflow(const char*) { return Recurse(0); }

void* OverflowInThread(void*) {
  Recurse(0);
  return nullptr;
}
int StackOverflowInThread(const char*) {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, OverflowInThread, nullptr)) return error;
  return pthread_join(thread, nullptr);
}

// The handler of the overflow overflows its own stack too.
void OverflowAgain(int) { Recurse(0); }
int StackOverflowInHandler(const char*) {
  static char stack[64 << 10];
  stack_t other{};
  other.ss_sp = stack;
  other.ss_size = sizeof stack;
  struct sigaction action {};
  action.sa_handler = OverflowAgain;
  action.sa_flags = SA_ONSTACK;
  if (sigaltstack(&other, nullptr) != 0 || sigaction(SIGSEGV, &action, nullptr) != 0) return errno;
  return Recurse(0);
}

constexpr Attack kAttacks[] = {
    {"touch", Touch},
    {"threads", SomeThreads},
    {"stay_with_threads", StayWithThreads},
    {"many_mappings", ManyMappings},
    {"pipe_bomb", PipeBomb},
    {"epoll_bomb", EpollBomb},
    {"ignore_time_limit", IgnoreTimeLimit},
    {"wait_for_nobody", WaitForNobody},
    {"slow_drip", SlowDrip},
    {"close_output", CloseOutput},
    {"nonblocking_output", NonblockingOutput},
    {"stack_overflow_in_thread", StackOverflowInThread},
    {"stack_overflow_in_handler", StackOverflowInHandler},
    {"memory_bomb", MemoryBomb},
    {"shared_memory_bomb", SharedMemoryBomb},
    {"page_table_bomb", PageTableBomb},
    {"fill_scratch", FillScratch},
    {"fill_inodes", FillInodes},
    {"cpu_spin", CpuSpin},
    {"cpu_spin_two_threads", CpuSpinTwoThreads},
    {"sleep_forever", SleepForever},
    {"block_every_signal", BlockEverySignal},
    {"stop_self", StopSelf},
    {"thread_bomb", ThreadBomb},
    {"leader_leaves", LeaderLeaves},
    {"stdout_flood", StdoutFlood},
    {"stderr_flood", StderrFlood},
    {"stdout_fill", StdoutFill},
    {"stdout_by_bytes", StdoutByBytes},
    {"descriptor_bomb", DescriptorBomb},
    {"stack_overflow", StackOverflow},
};

}  // namespace

std::span<const Attack> ResourceAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
