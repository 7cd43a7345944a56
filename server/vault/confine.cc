#include "server/vault/confine.h"

#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "server/core/base/status.h"
#include "server/system/files.h"

namespace pinhole::vault {
namespace {

// By the process's own table: /sys shows the interfaces of whoever mounted it.
bool OnlyLoopback() {
  const absl::StatusOr<std::string> table = ReadFile("/proc/self/net/dev");
  if (!table.ok()) return false;
  // Two lines of heads, then "  name: counters".
  const std::vector<std::string> lines = absl::StrSplit(*table, '\n', absl::SkipEmpty());
  return std::all_of(lines.begin() + std::min<ptrdiff_t>(2, std::ssize(lines)), lines.end(),
                     [](std::string_view line) {
                       const size_t begin = line.find_first_not_of(' ');
                       return line.substr(begin, line.find(':') - begin) == "lo";
                     });
}

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};

}  // namespace

absl::Status LeaveNetwork(const Config& config) {
  if (::unshare(CLONE_NEWNET) == 0 || OnlyLoopback() || config.Allows("network"))
    return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the vault must have no network: start it as root or in a unit with PrivateNetwork=yes, or "
      "name \"network\" in the "
      "configuration's degraded list");
}

absl::Status BecomeUser(uid_t user, const std::vector<gid_t>& groups) {
  const auto group = static_cast<gid_t>(user);
  if (::setgroups(groups.size(), groups.data()) != 0)
    return absl::ErrnoToStatus(errno, "setgroups");
  if (::setresgid(group, group, group) != 0)
    return absl::ErrnoToStatus(errno, absl::StrFormat("setresgid %d", group));
  if (::setresuid(user, user, user) != 0)
    return absl::ErrnoToStatus(errno, absl::StrFormat("setresuid %d", user));
  if (::setuid(0) == 0) return absl::InternalError("root could be had back after giving it up");
  return absl::OkStatus();
}

absl::Status DenySocketsAndPrograms() {
  const rlimit none = {0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return absl::ErrnoToStatus(errno, "setrlimit core");
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return absl::ErrnoToStatus(errno, "prctl dumpable");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return absl::ErrnoToStatus(errno, "prctl no_new_privs");
  const std::unique_ptr<void, ReleaseFilter> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) return absl::FailedPreconditionError("seccomp_init");
  // A call of another architecture would pass by the numbers below.
  int error = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  for (const int call : {SCMP_SYS(socket),
                         SCMP_SYS(socketpair),
                         SCMP_SYS(connect),
                         SCMP_SYS(bind),
                         SCMP_SYS(listen),
                         SCMP_SYS(execve),
                         SCMP_SYS(execveat),
                         SCMP_SYS(ptrace),
                         SCMP_SYS(pidfd_getfd),
                         SCMP_SYS(process_vm_readv),
                         SCMP_SYS(process_vm_writev),
                         SCMP_SYS(io_uring_setup),
                         SCMP_SYS(userfaultfd),
                         SCMP_SYS(perf_event_open),
                         SCMP_SYS(setns),
                         SCMP_SYS(unshare),
                         SCMP_SYS(mount),
                         SCMP_SYS(chroot),
                         SCMP_SYS(open_by_handle_at),
                         SCMP_SYS(bpf),
                         SCMP_SYS(add_key),
                         SCMP_SYS(request_key),
                         SCMP_SYS(keyctl)}) {
    if (error == 0) error = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
  }
  if (error == 0) error = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (error == 0) error = seccomp_load(filter.get());
  if (error != 0)
    return absl::FailedPreconditionError(
        absl::StrFormat("the vault's own filter does not load: error %d", -error));
  return absl::OkStatus();
}

}  // namespace pinhole::vault
