// A child becomes the box: the order is the safety argument, as each step relies on those above it.
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {

// After the filter is loaded only write and exit_group are needed here, and both are in every
// table.
void Fail(protocol::Stage stage, int error) {
  const Progress progress{stage, error, -1};
  if (write(kStatusFd, &progress, sizeof progress) < 0) {
    // The launcher is gone, or it sees a child that ended without a word: setup failed, in both
    // cases.
  }
  _exit(127);
}

void EnterBox(const Plan& plan) {
  EnterNamespaces(plan);
  BuildRoot(plan);
  SetLimits(plan);
  DropPrivileges();
  RestrictFiles();
  CloseFds(plan);
  LoadSyscallFilter(plan);
  Exec();
}

// The image is sealed, so what was checked is what runs; mode 0111 makes the process one that
// cannot be read, traced or dumped.
void Exec() {
  char name[] = "model";
  char home[] = "HOME=/tmp";
  char scratch[] = "TMPDIR=/tmp";
  char language[] = "LANG=C.UTF-8";
  char zone[] = "TZ=UTC0";
  char* arguments[] = {name, nullptr};
  char* environment[] = {home, scratch, language, zone, nullptr};
  syscall(SYS_execveat, kProgramFd, "", arguments, environment, AT_EMPTY_PATH);
  Fail(protocol::Stage::kExec, errno);
}

}  // namespace pinhole::sandbox::launcher
