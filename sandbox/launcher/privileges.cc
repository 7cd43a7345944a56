// No capability is left to the box, and none can be had again. Signals are as in a fresh process.
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Stage;

constexpr unsigned long kNoRoot = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                  SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

void DropCapabilities() {
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    Fail(Stage::kCapabilities, errno);
  }
  if (prctl(PR_SET_SECUREBITS, kNoRoot) != 0) Fail(Stage::kCapabilities, errno);
  // EINVAL is the end of the capabilities that this kernel knows.
  for (unsigned long capability = 0; prctl(PR_CAPBSET_DROP, capability) == 0; ++capability) {
  }
  if (errno != EINVAL) Fail(Stage::kCapabilities, errno);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) Fail(Stage::kCapabilities, errno);
}

// A disposition "ignored" would outlive exec, and so would the mask. The raw call, as the C library
// keeps signals 32 and 33 to itself; an all-zero action is the default one.
void ResetSignals() {
  struct {
    unsigned long words[4];
  } const fresh{};
  for (long number = 1; number <= 64; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    if (syscall(SYS_rt_sigaction, number, &fresh, nullptr, 8L) != 0) Fail(Stage::kSignals, errno);
  }
  const unsigned long none = 0;
  if (syscall(SYS_rt_sigprocmask, long{SIG_SETMASK}, &none, nullptr, sizeof none) != 0) {
    Fail(Stage::kSignals, errno);
  }
}

}  // namespace

void DropPrivileges() {
  DropCapabilities();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Fail(Stage::kNoNewPrivileges, errno);
  ResetSignals();
}

}  // namespace pinhole::sandbox::launcher
