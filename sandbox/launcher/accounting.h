// The lane's memory and tasks, limited and counted by the cgroups that the launcher lives in.
#pragma once

#include <cstdint>

#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox::launcher {

// The directories of the two groups; the same one twice in version 2. Borrowed; -1 with
// Accounting::kNone.
struct Groups {
  protocol::Accounting accounting = protocol::Accounting::kNone;
  int memory = -1;
  int pids = -1;
};

// Sets the limits of the next run and begins its count; no box is alive. 0, or errno.
int BeginRun(const Groups& groups, const protocol::Run& run);

// Kills by the kernel for want of memory since the groups were made; -1: cannot tell.
int64_t MemoryKills(const Groups& groups);

// Most memory since BeginRun; 0: cannot tell.
int64_t PeakMemory(const Groups& groups);

}  // namespace pinhole::sandbox::launcher
