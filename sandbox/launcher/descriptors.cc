// The box's descriptors: 0, 1, 2 and, for the scorer, 3. Everything else is closed, now or by exec.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Stage;

void Put(int source, int target) {
  if (dup2(source, target) < 0) Fail(Stage::kDescriptors, errno);
}

// Reading it ends at once: a pipe that nobody can write.
void PutEmptyInput() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Fail(Stage::kDescriptors, errno);
  Put(ends[0], 0);  // both ends are above 3, and closed with the rest
}

void CloseBetween(unsigned first, unsigned last) {
  if (close_range(first, last, 0) != 0) Fail(Stage::kDescriptors, errno);
}

}  // namespace

// 0 to 3 are open here, the launcher's own; `diagnostics` is never absent.
void CloseFds(const Plan& plan) {
  if (plan.input >= 0) {
    Put(plan.input, 0);
  } else {
    PutEmptyInput();
  }
  Put(plan.output, 1);
  Put(plan.diagnostics, 2);
  if (plan.labels >= 0) Put(plan.labels, 3);
  CloseBetween(plan.labels >= 0 ? 4 : 3, kProgramFd - 1);
  CloseBetween(kGoFd + 1, ~0U);
  const int image = fcntl(kProgramFd, F_GETFD);
  if (image < 0 || (image & FD_CLOEXEC) == 0) Fail(Stage::kDescriptors, EBADF);
}

}  // namespace pinhole::sandbox::launcher
