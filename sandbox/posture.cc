// What this machine offers to a box: asked of the kernel where it answers, read from its settings
// where it does not.
#include "sandbox/posture.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "absl/strings/str_format.h"
#include "sandbox/control_groups.h"
#include "sandbox/unique_fd.h"

namespace pinhole::sandbox {
namespace {

constexpr long kLandlockCreateRuleset = 444;
constexpr unsigned kLandlockVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
constexpr unsigned kMemfdExec = 0x10;     // MFD_EXEC

// The first line of a file of the kernel's; empty when it is not there.
std::string FirstLine(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

PostureLine Line(std::string_view feature, Presence presence, std::string found,
                 std::string_view consequence) {
  return {std::string(feature), presence, std::move(found),
          presence == Presence::kPresent ? std::string() : std::string(consequence)};
}

Presence Unless(bool good, Presence otherwise) { return good ? Presence::kPresent : otherwise; }

PostureLine Kernel() {
  utsname name{};
  ::uname(&name);
  int major = 0;
  int minor = 0;
  const bool read = std::sscanf(name.release, "%d.%d", &major, &minor) == 2;
  const bool enough = read && (major > 5 || (major == 5 && minor >= 14));
  return Line("kernel 5.14 or newer", Unless(enough, Presence::kMissing), name.release,
              "mount_setattr, close_range or per-namespace task counts are missing");
}

// A child that only tries and ends: namespaces cannot be asked for without being made. The raw
// call, as a process with threads must not run the C library's fork handlers for it.
PostureLine Namespaces() {
  const long child = ::syscall(
      SYS_clone,
      static_cast<unsigned long>(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | SIGCHLD),
      0L, 0L, 0L, 0L);
  if (child == 0) ::_exit(0);
  std::string found = child > 0 ? "all seven can be made" : std::strerror(errno);
  if (child > 0) {
    while (::waitpid(static_cast<pid_t>(child), nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return Line("namespaces of its own for each box", Unless(child > 0, Presence::kMissing),
              std::move(found),
              "no box starts; see user.max_user_namespaces, kernel.unprivileged_userns_clone and "
              "kernel.apparmor_restrict_unprivileged_userns");
}

bool SeccompKnows(uint32_t action) {
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

PostureLine Filter() {
  const bool there = SeccompKnows(SECCOMP_RET_KILL_PROCESS);
  return Line("system call filter", Unless(there, Presence::kMissing),
              there ? "seccomp, kill process" : "no seccomp", "no box starts");
}

PostureLine Listener() {
  const bool there = SeccompKnows(SECCOMP_RET_USER_NOTIF);
  return Line("refused calls can be named", Unless(there, Presence::kDegraded),
              there ? "seccomp notification" : "no seccomp notification",
              "rehearsals do not start; sealed runs do");
}

PostureLine Memory() {
  const protocol::Accounting accounting = DetectAccounting(kControlGroupRoot);
  const bool there = accounting != protocol::Accounting::kNone;
  std::string found = "no memory and pids controllers";
  if (accounting == protocol::Accounting::kVersion1) found = "cgroup version 1";
  if (accounting == protocol::Accounting::kVersion2) found = "cgroup version 2";
  return Line("memory and tasks limited by cgroups", Unless(there, Presence::kDegraded),
              std::move(found),
              "memory is limited by address space alone, and running out of it looks like a crash");
}

PostureLine Swap() {
  std::ifstream file("/proc/swaps");
  std::string heading;
  std::string swap;
  std::getline(file, heading);
  const bool none = !std::getline(file, swap);
  return Line("no swap", Unless(none, Presence::kDegraded), none ? "none" : swap,
              "pages of the data can reach a disk, where the box's promises do not hold");
}

PostureLine OwnIds() {
  const bool root = ::geteuid() == 0;
  return Line("a uid of its own for each lane", Unless(root, Presence::kDegraded),
              root ? "started by root" : absl::StrFormat("started by uid %d", ::geteuid()),
              "boxes have this user's uid on the host; run each lane as a user of its own");
}

PostureLine Landlock() {
  const long version = ::syscall(kLandlockCreateRuleset, nullptr, 0, kLandlockVersion);
  return Line("Landlock", Unless(version > 0, Presence::kDegraded),
              version > 0 ? absl::StrFormat("version %d", version) : std::strerror(errno),
              "one layer fewer around files; the empty root holds alone");
}

PostureLine SealedImages() {
  const UniqueFd image(::memfd_create("doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMemfdExec));
  return Line("sealed program images", Unless(image.valid(), Presence::kDegraded),
              image.valid() ? "execute bit can be sealed" : "execute bit cannot be sealed",
              "the image's content is sealed, its mode is not");
}

PostureLine CoreDumps() {
  const std::string pattern = FirstLine("/proc/sys/kernel/core_pattern");
  const bool piped = !pattern.empty() && pattern[0] == '|';
  return Line(
      "no core dump handler", Unless(!piped, Presence::kDegraded), pattern,
      "a handler runs as root for crashes; boxes are not dumpable, so it is not asked for them");
}

PostureLine Siblings() {
  const std::string active = FirstLine("/sys/devices/system/cpu/smt/active");
  return Line("no hyper-threads", Unless(active != "1", Presence::kDegraded),
              active == "1" ? "active" : "off",
              "two lanes can share a core and time each other; count both threads as one lane");
}

PostureLine Merging() {
  const std::string run = FirstLine("/sys/kernel/mm/ksm/run");
  return Line("no page merging", Unless(run.empty() || run == "0", Presence::kDegraded),
              run.empty() ? "not built in" : run, "equal pages of two boxes can be told by timing");
}

PostureLine CrashKernelLog() {
  const std::string actions = FirstLine("/proc/sys/kernel/seccomp/actions_logged");
  const bool quiet = actions.find("kill_process") == std::string::npos;
  return Line("refused calls stay out of the kernel log", Unless(quiet, Presence::kDegraded),
              actions,
              "a line per killed box in the kernel log; set kernel.seccomp.actions_logged without "
              "kill_process");
}

}  // namespace

std::vector<PostureLine> Inspect() {
  return {Kernel(),   Namespaces(),   Filter(),    Listener(), Memory(),  Swap(),          OwnIds(),
          Landlock(), SealedImages(), CoreDumps(), Siblings(), Merging(), CrashKernelLog()};
}

}  // namespace pinhole::sandbox
