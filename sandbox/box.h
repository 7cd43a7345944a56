// One hostile program in one box: start it, limit it, end it, say how it ended.
//
// A Lane is a resident launcher process (pinhole-box) that runs one box at a time and keeps nothing
// between two. The program meets an empty read-only root with /data (the lane's view, read-only)
// and /tmp (a fresh memory file system of limited size), three descriptors, no network, no other
// process, and a list of system calls outside of which it dies. Predictions leave by standard
// output; nothing else leaves.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sandbox/unique_fd.h"

namespace pinhole::sandbox {

enum class Profile {
  kStatic,  // a model: one static executable, threads, /data, /tmp
  kScorer,  // our own scorer: reads descriptors 0 and 3, writes 1; no /data, /tmp or threads
};

enum class Diagnostics {
  kSealed,     // a private run: standard error is discarded, a refused call is not named
  kRehearsal,  // no private row near: standard error is kept, a refused call is named; the limits
               // and calls are the same
};

struct BoxSpec {
  Profile profile = Profile::kStatic;
  Diagnostics diagnostics = Diagnostics::kSealed;
  absl::Duration wall = absl::Seconds(10);  // from Run's request to the launcher
  int64_t deadline_monotonic_nanos =
      0;                     // CLOCK_MONOTONIC; 0: none. The earlier of the two ends the run.
  int64_t cpu_seconds = 10;  // of all threads together
  int64_t memory_bytes =
      int64_t{256} << 20;  // of everything the run touches, scratch included, program image not
  int threads = 1;         // the first one included
  int64_t output_bytes = int64_t{16} << 20;      // more on standard output ends the run
  int64_t diagnostics_bytes = int64_t{1} << 20;  // more on standard error is dropped
  int64_t scratch_bytes = int64_t{64} << 20;
  int64_t scratch_inodes = 4096;
};

// What a run is given. Descriptors that Run does not own are borrowed for the call.
struct BoxFds {
  UniqueFd program;    // readable file; copied from its start into a sealed image before the run
  UniqueFd input;      // becomes 0: a read-only file no other run has open; invalid: empty input
  UniqueFd labels;     // becomes 3, kScorer only: likewise
  int output_fd = -1;  // standard output is written here, at its file position
  int diagnostics_fd = -1;  // kRehearsal only; -1: discarded
};

enum class Outcome {
  kExited,    // exit_code says how
  kSignaled,  // signal says by what; a crash of its own
  kWallLimit,
  kCpuLimit,
  kMemoryLimit,
  kOutputLimit,
  kForbiddenCall,  // syscall names it in a rehearsal
  kNotExecutable,  // the kernel refused the file: not a static x86-64 program
  kSetupFailed,    // ours, not the program's: it never ran; setup says at which step
};

// Facts of one run. They are evidence, to be sealed: no field may leave the vault after a private
// run.
struct BoxReport {
  Outcome outcome = Outcome::kSetupFailed;
  int exit_code = 0;  // of kExited
  int signal = 0;     // of kSignaled
  int syscall =
      -1;  // of kForbiddenCall; -1: unknown (a private run, or another architecture's call)
  std::string setup;        // of kSetupFailed and kNotExecutable: step and cause, for the operator
  int64_t wall_micros = 0;  // in the launcher, set-up included
  int64_t cpu_micros = 0;
  int64_t peak_memory_bytes = 0;
  int64_t output_bytes = 0;  // what was written to output_fd
  int64_t diagnostics_bytes = 0;
};

std::string_view OutcomeName(Outcome outcome);

// Without `uid` the box has the caller's own uid, and without `cgroup_name` memory is limited by
// address space alone: both are degraded modes, which a configuration has to name.
struct LaneConfig {
  std::string launcher_path;
  std::string view_path;          // shown read-only at /data; empty: no /data
  std::optional<uid_t> uid;       // needs root; no other lane or service may have it
  std::optional<gid_t> gid;       // given exactly when uid is
  std::optional<gid_t> view_gid;  // the group that may read the view; needs uid
  std::string cgroup_name;        // [a-z0-9-]{1,40}; unique on the machine
  // Where the groups are made: needs root, or a tree that was delegated to the caller.
  std::string cgroup_root = "/sys/fs/cgroup";
  std::optional<int> core;  // the one core of the lane
};

// A lane whose launcher a unit starts, pinhole-lane@N.service: its user and its limits are the
// unit's.
struct LaneSocket {
  std::string path;         // where the unit listens
  std::string view_path;    // shown read-only at /data, if the lane's user may read it; empty: none
  std::optional<int> core;  // the one core of the lane
};

// What holds of a lane that has answered.
struct LaneFacts {
  pid_t pid = -1;               // of the launcher; 0 when it is in another pid namespace
  uid_t uid = 0;                // of the launcher, so of its boxes on the host; the kernel says so
  bool memory_limited = false;  // by cgroups; else by address space alone
  std::string record;           // what the kernel said of its boxes, one of each profile: text,
                                // equal to the golden record (record.h); a lane that differs fails
};

// Thread rule: a Lane is used by one thread at a time; different lanes are independent.
class Lane {
 public:
  // Starts the launcher, in its cgroups and under its uid. A cgroup left over by a dead owner is
  // emptied first.
  //
  // Before it is handed out, one box of each profile is made, looked at from outside and compared
  // with the golden record.
  //
  // Errors: INVALID_ARGUMENT for a configuration that contradicts itself; FAILED_PRECONDITION when
  // the machine lacks what it asks for, a box is not as promised, or another process holds the
  // lane's cgroup; else the failing step's errno.
  static absl::StatusOr<Lane> Start(const LaneConfig& config);

  // Connects to a launcher that its unit starts, and looks at its boxes as Start does. Needs no
  // privilege.
  //
  // Errors: INVALID_ARGUMENT for paths that cannot be used; FAILED_PRECONDITION when nothing
  // listens, the launcher says what its unit does not give, or a box is not as promised;
  // UNAVAILABLE when it does not answer, as it does to users that its unit does not name.
  static absl::StatusOr<Lane> Connect(const LaneSocket& lane);

  Lane(Lane&&) noexcept;
  Lane& operator=(Lane&&) noexcept;
  // Ends the box if one runs, the launcher, and the cgroups that Start made.
  ~Lane();

  // Runs one program to its end; blocks until then, at most two seconds past its deadline. However
  // the run ends is a report.
  //
  // Errors: INVALID_ARGUMENT for a spec or descriptors that contradict each other;
  // FAILED_PRECONDITION when an earlier error broke the lane; UNAVAILABLE when the launcher died or
  // fell silent (the lane is broken then); else errno of a sink or source.
  absl::StatusOr<BoxReport> Run(const BoxSpec& spec, BoxFds fds);

  const LaneFacts& facts() const;
  // Of the launcher.
  pid_t pid() const { return facts().pid; }

 private:
  friend absl::StatusOr<Lane> StartUnchecked(const LaneConfig& config);  // unchecked.h

  class Impl;
  explicit Lane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinhole::sandbox
