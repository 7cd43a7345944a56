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

// Most memory since BeginRun, in bytes; in version 2 since the groups were made, as a kernel before
// 6.12 cannot begin that count anew. 0: cannot tell.
int64_t PeakMemory(const Groups& groups);

// Most memory of the run that ended: PeakMemory, unless it is no more than `before`, what that was
// after BeginRun. Then an earlier run of the lane had more, and the run had at least `resident`
// bytes, the most that its program itself had.
int64_t PeakOfRun(const Groups& groups, int64_t before, int64_t resident);

}  // namespace pinhole::sandbox::launcher
