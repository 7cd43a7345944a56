// The box's resource limits that the kernel counts per process.
#include <errno.h>
#include <sys/resource.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {
namespace {

constexpr rlim_t kStackBytes = rlim_t{8} << 20;
constexpr rlim_t kPendingSignals = 64;

// Soft and hard alike, so a program finds nothing to raise.
void Limit(__rlimit_resource resource, rlim_t value) {
  rlimit current{};
  if (getrlimit(resource, &current) != 0) Fail(protocol::Stage::kLimits, errno);
  // A hard limit below what is asked stays: the stricter of the two holds.
  if (current.rlim_max < value) value = current.rlim_max;
  const rlimit limit{value, value};
  if (setrlimit(resource, &limit) != 0) Fail(protocol::Stage::kLimits, errno);
}

}  // namespace

void SetLimits(const Plan& plan) {
  const protocol::Run& run = *plan.run;
  Limit(RLIMIT_CORE, 0);
  // The launcher ends the run at its limit; the kernel would a little later.
  Limit(RLIMIT_CPU, static_cast<rlim_t>(run.cpu_seconds) + 1);
  Limit(RLIMIT_NOFILE, kBoxDescriptors);
  Limit(RLIMIT_STACK, kStackBytes);
  Limit(RLIMIT_NPROC, static_cast<rlim_t>(run.threads));
  Limit(RLIMIT_MEMLOCK, 0);
  Limit(RLIMIT_MSGQUEUE, 0);
  Limit(RLIMIT_SIGPENDING, kPendingSignals);
  Limit(RLIMIT_NICE, 0);
  Limit(RLIMIT_RTPRIO, 0);
  if (plan.accounting == protocol::Accounting::kNone) {
    Limit(RLIMIT_AS, static_cast<rlim_t>(run.memory_bytes));
  }
}

}  // namespace pinhole::sandbox::launcher
