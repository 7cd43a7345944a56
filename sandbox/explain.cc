// What a run's end means, in words.
#include "sandbox/explain.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "absl/strings/str_format.h"

namespace pinhole::sandbox {
namespace {

struct Name {
  int number;
  std::string_view text;
};

constexpr Name kNames[] = {
#define CALL(name) {SYS_##name, #name},
#include "sandbox/syscall_names.inc"
#undef CALL
};

// Why a family of calls is refused, and what to do instead.
std::string_view Remedy(int call) {
  switch (call) {
    case SYS_socket:
    case SYS_socketpair:
    case SYS_connect:
      return "There is no network and no local service. Name look-ups and system logs use sockets "
             "too: static builds of "
             "getaddrinfo, getpwnam and syslog do. Read /data instead, and leave the rest out.";
    case SYS_fork:
    case SYS_vfork:
    case SYS_clone:
      return "A box has one process. Use threads (std::thread, pthreads, goroutines) in place of "
             "fork, popen, system and "
             "process pools.";
    case SYS_execve:
    case SYS_execveat:
      return "The program cannot start another one. Link what it needs into it.";
    case SYS_mmap:
    case SYS_mprotect:
      return "Memory that is writable and executable at once is refused. A just-in-time compiler "
             "has to write first and then "
             "turn the page to read-and-execute.";
    case SYS_memfd_create:
    case SYS_shmget:
    case SYS_mq_open:
      return "Memory is shared between threads without it; use ordinary memory, or a file in /tmp.";
    case SYS_futex:
      return "Priority-inheriting mutexes are refused; use ordinary ones.";
    case SYS_io_uring_setup:
      return "Use read, pread or mmap.";
    case SYS_inotify_init:
    case SYS_inotify_init1:
    case SYS_timerfd_create:
    case SYS_signalfd4:
      return "The files do not change; for waiting, use poll, a condition variable or nanosleep.";
    case SYS_ptrace:
    case SYS_process_vm_readv:
    case SYS_perf_event_open:
      return "Debuggers, sanitizers and profilers do not run in a box. Build the program without "
             "them.";
    case SYS_prctl:
    case SYS_fcntl:
    case SYS_arch_prctl:
    case SYS_madvise:
      return "The call is allowed, but not with these arguments.";
    default:
      return "Programs in a box compute, read /data and write /tmp and standard output; leave the "
             "call out, or find the library "
             "that makes it and turn that feature off.";
  }
}

std::string ExplainRefusal(int call) {
  const std::string_view name = SyscallName(call);
  if (name.empty()) {
    return absl::StrFormat(
        "The program made a system call that x86-64 does not have (number %d): a 32-bit or x32 "
        "program, or a "
        "deliberate one.",
        call);
  }
  return absl::StrFormat("The program made the system call %s, which the box refuses. %s", name,
                         Remedy(call));
}

std::string ExplainSignal(int number) {
  const char* text = ::strsignal(number);
  std::string_view more;
  if (number == SIGSEGV) {
    more =
        " A wild pointer, or a stack of more than 8 MiB. abort(), an uncaught exception and a "
        "failed assertion end "
        "like this as well, since the program is process 1 of its box.";
  } else if (number == SIGILL) {
    more =
        " An instruction that this processor lacks (was it built with -march=native elsewhere?), "
        "or a trap of the "
        "compiler.";
  }
  return absl::StrFormat("The program was ended by signal %d (%s).%s", number, text, more);
}

std::string ExplainExit(int code) {
  if (code == 0) return "The program ended normally.";
  return absl::StrFormat("The program ended with exit code %d; a run counts only with 0.", code);
}

}  // namespace

std::string_view SyscallName(int number) {
  for (const Name& name : kNames) {
    if (name.number == number) return name.text;
  }
  return {};
}

std::string Explain(const BoxReport& report, const BoxSpec& spec) {
  switch (report.outcome) {
    case Outcome::kExited:
      return ExplainExit(report.exit_code);
    case Outcome::kSignaled:
      return ExplainSignal(report.signal);
    case Outcome::kWallLimit:
      return absl::StrFormat(
          "The program was still there after %s of wall time and was ended. It had used %.1f s of "
          "processor time.",
          absl::FormatDuration(spec.wall), static_cast<double>(report.cpu_micros) / 1e6);
    case Outcome::kCpuLimit:
      return absl::StrFormat(
          "The program used its %d s of processor time, all threads together, and was ended.",
          spec.cpu_seconds);
    case Outcome::kMemoryLimit:
      return absl::StrFormat(
          "The program needed more than its %d bytes of memory and was ended. Files in /tmp count "
          "as memory.",
          spec.memory_bytes);
    case Outcome::kOutputLimit:
      return absl::StrFormat(
          "The program wrote more than %d bytes to standard output and was ended. Only predictions "
          "belong there.",
          spec.output_bytes);
    case Outcome::kForbiddenCall:
      return ExplainRefusal(report.syscall);
    case Outcome::kNotExecutable:
      return "The file could not be executed. It has to be one static ELF program for x86-64: no "
             "script, and linked with "
             "-static (C, C++), the musl target or crt-static (Rust), CGO_ENABLED=0 (Go).";
    case Outcome::kSetupFailed:
      return absl::StrFormat("The box could not be made, and the program did not run: %s.",
                             report.setup);
  }
  return "The run ended in an unknown way.";
}

}  // namespace pinhole::sandbox
