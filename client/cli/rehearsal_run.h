// One rehearsal: a program in the box, under the contest's limits, on mock data, scored as the
// vault's scorer scores, with everything told that a private run never tells.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sandbox/box.h"
#include "server/core/contest/policy.h"
#include "server/core/rehearsal/reveal.h"

namespace pinhole::cli {

// How memory was limited: a real run counts every page that is touched; without cgroups, which need
// root, the box limits the address space, which is stricter on programs that reserve much.
enum class MemoryLimit { kTouchedPages, kAddressSpace };

struct RehearsalResult {
  sandbox::BoxReport report;
  MemoryLimit memory_limit = MemoryLimit::kAddressSpace;
  std::string diagnostics;  // the program's standard error, as far as the box keeps it
  std::optional<rehearsal::ExactScores> scores;
  std::string fault;  // what is wrong with the predictions; empty when they were scored

  bool scored() const { return scores.has_value(); }
};

// `folder` is what `pinhole mock` made; `launcher` is the path of pinhole-box. Blocks until the run
// is over. Errors: INVALID_ARGUMENT when the folder or the program cannot be used;
// FAILED_PRECONDITION when this machine cannot start the box.
absl::StatusOr<RehearsalResult> Rehearse(const contest::Policy& policy, const std::string& folder,
                                         const std::string& program, const std::string& launcher);

// The POLICY entry that stands in `folder`. Errors: INVALID_ARGUMENT with the next step.
absl::StatusOr<contest::Policy> ReadRehearsalPolicy(const std::string& folder);

}  // namespace pinhole::cli
