// Rows of the table about resources, ends, signals and what a program can learn.
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "tests/containment/cases.h"

namespace pinhole::sandbox {
namespace {

constexpr Case Exits(const char* numbers, const char* attack, int code, Layer layer,
                     Outside outside) {
  return {numbers, attack, Outcome::kExited, code, layer, outside};
}
constexpr Case Ends(const char* numbers, const char* attack, Outcome outcome, int detail,
                    Layer layer, Outside outside) {
  return {numbers, attack, outcome, detail, layer, outside};
}

constexpr Outside kSucceeds = Outside::kSucceeds;
constexpr Outside kReaches = Outside::kReachesKernel;
constexpr Outside kHarms = Outside::kHarms;
constexpr Outside kNone = Outside::kNoAttack;

constexpr Case kCases[] = {
    Exits("61", "thread_bomb", EAGAIN, Layer::kCgroup, kHarms),
    Exits("61", "threads:40", EAGAIN, Layer::kCgroup, kSucceeds),
    Ends("62", "memory_bomb", Outcome::kMemoryLimit, 0, Layer::kCgroup, kHarms),
    Ends("62", "shared_memory_bomb", Outcome::kMemoryLimit, 0, Layer::kCgroup, kHarms),
    Ends("62", "page_table_bomb", Outcome::kMemoryLimit, 0, Layer::kCgroup, kHarms),
    Ends("62", "touch:80", Outcome::kMemoryLimit, 0, Layer::kCgroup, kSucceeds),
    Exits("62", "many_mappings", ENOMEM, Layer::kKernel, kReaches),
    Exits("62", "pipe_bomb", EMFILE, Layer::kRlimit, kHarms),
    Exits("62", "epoll_bomb", EMFILE, Layer::kRlimit, kHarms),
    Exits("62", "descriptor_bomb", EMFILE, Layer::kRlimit, kReaches),
    Exits("62", "call:mlockall", EPERM, Layer::kFilter, kReaches),
    Ends("63", "stack_overflow", Outcome::kSignaled, SIGSEGV, Layer::kRlimit, kNone),
    Ends("63", "stack_overflow_in_thread", Outcome::kSignaled, SIGSEGV, Layer::kKernel, kNone),
    Ends("63", "stack_overflow_in_handler", Outcome::kSignaled, SIGSEGV, Layer::kKernel, kNone),
    Exits("64", "stop_self", 0, Layer::kNamespace, kHarms),
    Ends("65", "call:rt_sigqueueinfo", Outcome::kForbiddenCall, SYS_rt_sigqueueinfo, Layer::kFilter,
         kReaches),
    Ends("65, 59", "call:rt_tgsigqueueinfo", Outcome::kForbiddenCall, SYS_rt_tgsigqueueinfo,
         Layer::kFilter, kReaches),
    Exits("69, 86", "stderr_flood", 0, Layer::kPipe, kNone),
    Ends("69", "stdout_flood", Outcome::kOutputLimit, 0, Layer::kPipe, kHarms),
    Exits("69", "stdout_by_bytes", 0, Layer::kPipe, kNone),
    Exits("57", "nonblocking_output", 0, Layer::kPipe, kNone),
    Exits("58", "close_output", EBADF, Layer::kKernel, kNone),
    Exits("58", "empty_input", 0, Layer::kPipe, kNone),
    Exits("73", "refused_flood", EPERM, Layer::kFilter, kNone),
    Ends("74", "crash", Outcome::kSignaled, SIGSEGV, Layer::kKernel, kNone),

    Exits("59", "kill_parent", EPERM, Layer::kFilter, kHarms),
    Exits("59", "kill_everybody", EPERM, Layer::kFilter, kHarms),
    Exits("59", "kill_own_group", EPERM, Layer::kFilter, kHarms),
    Exits("59", "kill_first", EPERM, Layer::kFilter, kNone),
    Exits("59", "signal_other", EPERM, Layer::kFilter, kReaches),
    Exits("59", "call:tkill", EPERM, Layer::kFilter, kNone),
    Exits("60", "exit:7", 7, Layer::kKernel, kNone),
    Exits("60", "exit:254", 254, Layer::kKernel, kNone),
    Exits("60", "exit_from_thread", 9, Layer::kKernel, kNone),
    Exits("60", "signal_itself:15", 0, Layer::kNamespace, kHarms),
    Exits("60", "signal_itself:9", 0, Layer::kNamespace, kHarms),
    Exits("60", "signal_itself:31", 0, Layer::kNamespace, kHarms),
    Ends("60", "segfault", Outcome::kSignaled, SIGSEGV, Layer::kKernel, kNone),
    Ends("58, 60", "say_and_crash", Outcome::kSignaled, SIGSEGV, Layer::kKernel, kNone),
    Ends("60", "illegal", Outcome::kSignaled, SIGILL, Layer::kKernel, kNone),
    Ends("60", "divide_by_zero", Outcome::kSignaled, SIGFPE, Layer::kKernel, kNone),

    Exits("80", "sysinfo", ENOSYS, Layer::kFilter, kSucceeds),
    Exits("80", "others_clock", EINVAL, Layer::kFilter, kSucceeds),
    Ends("80", "others_clock_resolution", Outcome::kForbiddenCall, SYS_clock_getres, Layer::kFilter,
         kSucceeds),
    Exits("80", "call:get_mempolicy", ENOSYS, Layer::kFilter, kSucceeds),
    Exits("82", "scan_memory", ENOENT, Layer::kKernel, kNone),
    Exits("82", "scan_stack", ENOENT, Layer::kKernel, kNone),
};

}  // namespace

std::span<const Case> WorldCases() { return kCases; }

}  // namespace pinhole::sandbox
