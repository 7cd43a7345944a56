// Ways into the kernel other than its plain gate: other architectures, numbers that are none, the
// vsyscall page, a forged signal frame.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

int Result(long value) { return value < 0 ? errno : 0; }

// getpid of the 32-bit table, by its own gate.
int Int80(const char*) {
  long result = 20;
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result > 0 ? 0 : static_cast<int>(-result);
}

void* Int80InThread(void*) {
  Int80("");
  return nullptr;
}

// Killing the thread alone would let the rest go on.
int Int80FromThread(const char*) {
  pthread_t thread;
  if (const int error = pthread_create(&thread, nullptr, Int80InThread, nullptr)) return error;
  pthread_join(thread, nullptr);
  return 0;
}

void Put32(unsigned char* place, const void* address) {
  const auto value = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(address));
  memcpy(place, &value, sizeof value);
}

// Far-jumps into the 32-bit code segment (0x23), asks for getpid there, and jumps back. Code and
// the saved stack pointer lie below 4 GiB, where 32-bit code can name them.
int FarJump(const char*) {
  auto* pages = static_cast<unsigned char*>(
      mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
  if (pages == MAP_FAILED) return errno;
  unsigned char* const data = pages + 4096;
  unsigned char code[] = {
      0xb8, 20,   0,    0,    0,              // mov eax, 20
      0xcd, 0x80,                             // int 0x80
      0xea, 0,    0,    0,    0, 0x33, 0,     // jmp far 0x33:back
      0x48, 0x8b, 0x24, 0x25, 0, 0,    0, 0,  // back: mov rsp, [data]
      0xc3,                                   // ret
  };
  Put32(code + 8, pages + 14);
  Put32(code + 18, data);
  memcpy(pages, code, sizeof code);
  if (mprotect(pages, 4096, PROT_READ | PROT_EXEC) != 0) return errno;
  long result = 0;
  __asm__ volatile(
      "sub $128, %%rsp\n\t"
      "lea 1f(%%rip), %%rcx\n\t"
      "push %%rcx\n\t"
      "mov %%rsp, (%[data])\n\t"
      "push $0x23\n\t"
      "push %[code]\n\t"
      "lretq\n\t"
      "1: add $128, %%rsp\n\t"
      : "=&a"(result)
      : [data] "r"(data), [code] "r"(pages)
      : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
  return result > 0 ? 0 : static_cast<int>(-result);
}

int X32(const char* number) { return Result(syscall(0x40000000L | strtol(number, nullptr, 10))); }
int Number(const char* number) { return Result(syscall(strtol(number, nullptr, 0))); }
int UpperHalf(const char*) { return Result(syscall((1L << 32) | SYS_getpid)); }

// time() of the page that every process of old has at one place.
int Vsyscall(const char*) {
  using Time = long (*)(long*);
  const auto page_time = reinterpret_cast<Time>(0xffffffffff600400);
  return page_time(nullptr) > 0 ? 0 : ENOSYS;
}

// The instruction to which a forged frame returns, and what ends the program after it. C++ cannot
// name an instruction.
extern "C" const char pinhole_gate[];
__asm__(
    ".globl pinhole_gate\n"
    ".hidden pinhole_gate\n"
    "pinhole_gate: syscall\n\t"
    "xor %edi, %edi\n\t"
    "test %eax, %eax\n\t"
    "jns 1f\n\t"
    "neg %eax\n\t"
    "mov %eax, %edi\n"
    "1: mov $231, %eax\n\t"  // exit_group
    "syscall\n");

void Forge(int, siginfo_t*, void* frame) {
  auto& registers = static_cast<ucontext_t*>(frame)->uc_mcontext.gregs;
  registers[REG_RIP] = reinterpret_cast<long long>(pinhole_gate);
  registers[REG_RAX] = SYS_socket;
  registers[REG_RDI] = 2;
  registers[REG_RSI] = 1;
  registers[REG_RDX] = 0;
}

// rt_sigreturn takes every register from the stack, so a forged frame chooses the next call.
int ForgedFrame(const char*) {
  struct sigaction action {};
  action.sa_sigaction = Forge;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGUSR1, &action, nullptr) != 0) return errno;
  syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGUSR1);
  return kNoSuchAttack;
}

constexpr Attack kAttacks[] = {
    {"int80", Int80},       {"int80_from_thread", Int80FromThread},
    {"far_jump", FarJump},  {"x32", X32},
    {"number", Number},     {"upper_half", UpperHalf},
    {"vsyscall", Vsyscall}, {"forged_frame", ForgedFrame},
};

}  // namespace

std::span<const Attack> GateAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
