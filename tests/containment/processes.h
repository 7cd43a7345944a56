// Looks at a box's processes from outside: waits for one, and records what the host's kernel says
// of it.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "sandbox/unique_fd.h"

namespace pinhole::sandbox {

inline constexpr absl::Duration kPatience = absl::Seconds(10);

// Children of a process, as the kernel lists them.
std::set<pid_t> Children(pid_t parent);

// The box of a launcher, once it has one that runs its program with `threads` threads; -1: it never
// had within kPatience.
pid_t AwaitBox(pid_t launcher, int threads = 1);

UniqueFd Handle(pid_t process);
bool EndsSoon(const UniqueFd& process);
size_t OpenDescriptors(pid_t process);

// The lines of a box's record as a launcher writes it for a probe (sandbox/launcher/record.h), but
// for the groups' limits. Two boxes of one lane have one record.
std::set<std::string> RecordOf(pid_t box);

template <typename Condition>
bool Await(Condition condition) {
  const absl::Time give_up = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > give_up) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

}  // namespace pinhole::sandbox
