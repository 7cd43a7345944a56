// The cgroups of one lane: made, locked, entered, emptied, removed.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sandbox/protocol/protocol.h"
#include "sandbox/unique_fd.h"

namespace pinhole::sandbox {

// Where cgroups are mounted.
inline constexpr std::string_view kControlGroupRoot = "/sys/fs/cgroup";

// Version 2 when `root` is a version 2 tree that has the memory and pids controllers, version 1
// when it holds both as version 1 trees, else kNone.
protocol::Accounting DetectAccounting(std::string_view root);

// The group of this process on the version 2 tree `root`, by the text of /proc/self/cgroup: in a
// unit with Delegate=yes groups may be made below it. A group with processes cannot pass its
// controllers on, so this process moves into the leaf "vault" of it first.
//
// Errors: FAILED_PRECONDITION when the machine or the unit does not give that.
absl::StatusOr<std::string> EnterDelegatedLeaf(std::string_view root,
                                               std::string_view proc_self_cgroup);

// Owns the groups pinhole/<name>: one directory with version 2, one for memory and one for pids
// with version 1. The owner holds a lock on them that ends with its process, so groups that nobody
// locks are left over and may be emptied.
class ControlGroups {
 public:
  // No groups.
  ControlGroups() = default;

  // Makes the groups, or takes over left-over ones and kills what lives in them. The limits that a
  // launcher writes are given to `uid`. Empty groups of other dead owners are removed. Needs root,
  // or a delegated `root` and the own `uid`.
  //
  // Errors: INVALID_ARGUMENT for a name outside [a-z0-9-]{1,40}; FAILED_PRECONDITION when the
  // machine has no memory and pids controllers, or another process holds the groups; else errno.
  static absl::StatusOr<ControlGroups> Create(std::string_view root, std::string_view name,
                                              uid_t uid);

  ControlGroups(ControlGroups&&) noexcept;
  ControlGroups& operator=(ControlGroups&&) noexcept;
  // Kills what is left inside and removes the groups.
  ~ControlGroups();

  absl::Status Enter(pid_t process) const;

  protocol::Accounting accounting() const { return accounting_; }
  // Directories, to be sent to the launcher; -1 without groups.
  int memory_directory() const { return memory_.get(); }
  int pids_directory() const { return pids_.valid() ? pids_.get() : memory_.get(); }

 private:
  void Remove();

  protocol::Accounting accounting_ = protocol::Accounting::kNone;
  std::string memory_path_;
  std::string pids_path_;  // empty with version 2
  UniqueFd memory_;        // holds the lock
  UniqueFd pids_;
};

}  // namespace pinhole::sandbox
