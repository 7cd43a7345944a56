// Loads the compiled filter; from then on the child can do only what the program could.
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {

void LoadSyscallFilter(const Plan& plan) {
  // A filter without instructions would be no filter.
  if (plan.filter->count == 0) Fail(protocol::Stage::kFilterLoad, EINVAL);
  const sock_fprog program{plan.filter->count, const_cast<sock_filter*>(plan.filter->instructions)};
  const bool rehearsal = plan.run->diagnostics == protocol::Diagnostics::kRehearsal;
  const unsigned flags = rehearsal ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (listener < 0) Fail(protocol::Stage::kFilterLoad, errno);

  // The launcher takes the listener before exec closes it here.
  const Progress ready{protocol::Stage::kNone, 0, rehearsal ? static_cast<int32_t>(listener) : -1};
  if (write(kStatusFd, &ready, sizeof ready) != sizeof ready) _exit(127);
  char go = 0;
  if (read(kGoFd, &go, 1) != 1) _exit(127);
}

}  // namespace pinhole::sandbox::launcher
