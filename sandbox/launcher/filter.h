// The system call table as a program for the kernel.
#pragma once

#include <linux/filter.h>

#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox::launcher {

// Room for the whole table, with place to grow; compiling fails when it does not suffice.
struct Filter {
  static constexpr unsigned kMostInstructions = 2048;
  sock_filter instructions[kMostInstructions];
  unsigned short count = 0;  // 0: not compiled
};

// Compiles the table for one profile. An unlisted call kills the whole process; in a rehearsal it
// waits for the launcher, which notes it and kills. A call of another architecture kills in both.
// 0, or errno.
int CompileFilter(protocol::Profile profile, protocol::Diagnostics diagnostics, Filter* filter);

}  // namespace pinhole::sandbox::launcher
