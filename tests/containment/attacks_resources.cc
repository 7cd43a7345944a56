// Attacks on what a box may use: memory, time, threads, output, scratch.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

int MemoryBomb() {
  for (;;) {
    void* part =
        mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (part == MAP_FAILED) return errno;
    memset(part, 1, kMebibyte);
  }
}

int SharedMemoryBomb() {
  for (;;) {
    void* part =
        mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (part == MAP_FAILED) return errno;
    memset(part, 1, kMebibyte);
  }
}

// One touched page every two mebibytes: most of the memory is page tables.
int PageTableBomb() {
  constexpr size_t kSpan = size_t{1} << 40;
  auto* place = static_cast<char*>(mmap(nullptr, kSpan, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (place == MAP_FAILED) return errno;
  for (size_t at = 0; at < kSpan; at += 2 * kMebibyte) place[at] = 1;
  return 0;
}

int FillScratch() {
  static char block[kMebibyte];
  memset(block, 1, sizeof block);
  const int file = open("/tmp/fill", O_WRONLY | O_CREAT, 0600);
  if (file < 0) return errno;
  while (write(file, block, sizeof block) > 0) {
  }
  return errno;
}

int FillInodes() {
  char name[32];
  for (int i = 0;; ++i) {
    snprintf(name, sizeof name, "/tmp/%d", i);
    const int file = open(name, O_WRONLY | O_CREAT, 0600);
    if (file < 0) return errno;
    close(file);
  }
}

int CpuSpin() {
  volatile bool on = true;
  while (on) {
  }
  return 0;
}

void* SpinInThread(void*) {
  CpuSpin();
  return nullptr;
}

int CpuSpinTwoThreads() {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, SpinInThread, nullptr)) return error;
  return CpuSpin();
}

int SleepForever() {
  for (;;) pause();
}

int BlockEverySignal() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  return SleepForever();
}

int StopSelf() {
  syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGSTOP);
  return 0;
}

void* Wait(void*) {
  for (;;) pause();
}

// Says how many threads there were room for, the first one included.
int ThreadBomb() {
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
int LeaderLeaves() {
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

int StdoutFlood() { return Flood(1, size_t{1} << 60); }
int StderrFlood() { return Flood(2, 32 * kMebibyte); }

int StdoutFill() { return Flood(1, kMebibyte); }

int StdoutByBytes() {
  for (int i = 0; i < 5000; ++i) {
    if (write(1, "x", 1) != 1) return errno;
  }
  return 0;
}

int RaiseLimit() {
  const rlimit limit{1 << 20, 1 << 20};
  return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? errno : 0;
}

int DescriptorBomb() {
  for (int count = 0;; ++count) {
    if (dup(1) < 0) {
      printf("%d", count);
      fflush(stdout);
      return errno;
    }
  }
}

int Recurse(int depth) {
  volatile char block[4096];
  block[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : Recurse(depth + 1) + block[0];
}

int StackOverflow() { return Recurse(0); }

constexpr Attack kAttacks[] = {
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
    {"raise_limit", RaiseLimit},
    {"descriptor_bomb", DescriptorBomb},
    {"stack_overflow", StackOverflow},
};

}  // namespace

std::span<const Attack> ResourceAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
