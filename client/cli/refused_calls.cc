// System calls by name, and what a program that was killed for one should do instead.
#include <seccomp.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cli/rehearsal_screen.h"

namespace pinhole::cli {
namespace {

struct Advice {
  std::string_view calls;  // names, each between spaces
  std::string_view text;
};

constexpr Advice kAdvice[] = {
    {" socket connect bind listen accept accept4 sendto recvfrom socketpair ",
     "there is no network in the box: read all data from /data"},
    {" fork vfork clone clone3 ",
     "no other process can be started: use threads, as many as the contest's limit"},
    {" execve execveat ", "no other program can be started: link everything into this one"},
    {" ptrace process_vm_readv process_vm_writev kill tkill tgkill pidfd_open ",
     "no process can reach another"},
    {" mount umount2 unshare setns chroot pivot_root ", "the root of the box cannot be changed"},
    {" io_uring_setup io_uring_enter io_uring_register ",
     "io_uring is not there: read and write the plain way"},
    {" prctl arch_prctl seccomp bpf perf_event_open keyctl add_key request_key ",
     "the kernel's own settings cannot be changed or measured"},
    {" sched_setaffinity sched_setscheduler setpriority ",
     "the lane chooses core and priority: leave thread pinning off"},
    {" shmget shmat semget msgget mq_open ", "no shared memory between processes: use threads"},
};

}  // namespace

std::string CallName(int number) {
  const std::unique_ptr<char, decltype(&std::free)> name(
      ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number), &std::free);
  return name == nullptr ? absl::StrFormat("number %d", number) : std::string(name.get());
}

std::string CallAdvice(std::string_view name) {
  const std::string word = absl::StrFormat(" %s ", name);
  for (const Advice& advice : kAdvice) {
    if (advice.calls.find(word) != std::string_view::npos) return std::string(advice.text);
  }
  return "";
}

}  // namespace pinhole::cli
