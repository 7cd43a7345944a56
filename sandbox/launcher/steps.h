// The steps by which a fresh child becomes the box, in the order in which main's EnterBox takes
// them; one file per kernel mechanism.
//
// Each step succeeds or does not return: Fail tells the launcher the stage and errno, and the child
// is gone. None is skipped, and none goes on after a failure.
#pragma once

#include <cstdint>

#include "sandbox/launcher/filter.h"
#include "sandbox/launcher/syscalls.h"
#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox::launcher {

// Where the child has its descriptors before the program starts. All are closed by exec.
inline constexpr int kStatusFd = kProgramFd + 1;      // written by the child: Progress
inline constexpr int kGoFd = kProgramFd + 2;          // read by the child: one byte, go
inline constexpr int kFirstSlotFd = kProgramFd + 16;  // sources of 0, 1, 2, 3, above all of these

// What the child tells the launcher: once ready, or at the step that failed.
struct Progress {
  protocol::Stage stage = protocol::Stage::kNone;  // kNone: ready, waits for go
  int32_t error = 0;
  int32_t listener =
      -1;  // when ready in a rehearsal: the filter's listener, in the child's numbers
};

// Everything a child needs, made by the launcher before the clone. Borrowed.
struct Plan {
  const protocol::Run* run;
  const char* view_path;  // empty: no /data
  uint32_t uid;           // of the launcher, and so of the box, in the host's numbers
  uint32_t gid;
  protocol::Accounting accounting;
  const Filter* filter;
  int output;  // descriptors at or above kFirstSlotFd; -1: none
  int diagnostics;
  int input;
  int labels;
};

[[noreturn]] void Fail(protocol::Stage stage, int error);

void EnterNamespaces(const Plan& plan);  // dies with the launcher; user and group 1000; first to be
                                         // killed; a constant host name
void BuildRoot(const Plan& plan);        // an empty read-only root; /data, /tmp
void SetLimits(const Plan& plan);        // rlimits; memory, tasks and time are the launcher's
void DropPrivileges();                   // no capabilities, no new ones
void RestrictFiles();                    // Landlock, where the kernel has it
void CloseFds(const Plan& plan);         // 0, 1, 2, 3 as the plan says and nothing else
void LoadSyscallFilter(const Plan& plan);  // then says ready, and waits for go
[[noreturn]] void Exec();

[[noreturn]] void EnterBox(const Plan& plan);

}  // namespace pinhole::sandbox::launcher
