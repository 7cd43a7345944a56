#include "server/scorer/filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace pinhole::scorer {
namespace {

constexpr unsigned kArch = offsetof(seccomp_data, arch);
constexpr unsigned kNumber = offsetof(seccomp_data, nr);
// Little-endian: the low half of the first argument, which is all of a descriptor that the kernel
// looks at.
constexpr unsigned kFirstArgument = offsetof(seccomp_data, args);

constexpr sock_filter Load(unsigned offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter Return(unsigned verdict) { return BPF_STMT(BPF_RET | BPF_K, verdict); }
// Goes on after `then` instructions when equal, else after `otherwise`.
constexpr sock_filter IfEqual(unsigned value, unsigned char then, unsigned char otherwise) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise);
}

}  // namespace

FilterProgram SealProgram() {
  // x32 calls have the same arch and bit 30 in their number, so they equal none of those below.
  return {{
      /* 0 */ Load(kArch),
      /* 1 */ IfEqual(AUDIT_ARCH_X86_64, 0, 10),
      /* 2 */ Load(kNumber),
      /* 3 */ IfEqual(SYS_exit_group, 9, 0),
      /* 4 */ IfEqual(SYS_exit, 8, 0),
      /* 5 */ IfEqual(SYS_read, 3, 0),
      /* 6 */ IfEqual(SYS_write, 0, 5),
      /* 7 */ Load(kFirstArgument),
      /* 8 */ IfEqual(kAnswerFd, 4, 3),
      /* 9 */ Load(kFirstArgument),
      /* 10 */ IfEqual(kPredictionsFd, 2, 0),
      /* 11 */ IfEqual(kSheetFd, 1, 0),
      /* 12 */ Return(SECCOMP_RET_KILL_PROCESS),
      /* 13 */ Return(SECCOMP_RET_ALLOW),
  }};
}

bool Seal() {
  FilterProgram program = SealProgram();
  sock_fprog filter = {program.size(), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

}  // namespace pinhole::scorer
