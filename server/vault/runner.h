// Does a round's runs: each lane one after the other, box first, then the scorer; levels come back
// to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sandbox/box.h"
#include "server/core/contest/policy.h"
#include "server/vault/layout.h"
#include "server/vault/run_store.h"
#include "server/vault/vault.h"

namespace pinhole::vault {

struct FinishedRun {
  int64_t admit = 0;
  Answer answer{};
  RunEvidence evidence;  // without the build and the time of its end
};

// What a server asks of whoever does its runs.
class AnyRunner {
 public:
  virtual ~AnyRunner() = default;
  // Runs all of `due`, calls `commit` in this thread for each as it ends, and returns when no box
  // is alive. A run that cannot end before `deadline_monotonic_nanos` is killed there and failed.
  //
  // Errors: the first of `commit`'s; else UNAVAILABLE when a lane broke: its runs have no level,
  // and the vault has to be started anew.
  virtual absl::Status RunAll(const contest::Policy& policy, const std::vector<DueRun>& due,
                              int64_t deadline_monotonic_nanos,
                              const std::function<absl::Status(const FinishedRun&)>& commit) = 0;
};

class Runner final : public AnyRunner {
 public:
  // Takes the lanes over. `scorer_path` is opened anew for every run.
  Runner(std::vector<sandbox::Lane> lanes, std::string scorer_path, Layout layout)
      : lanes_(std::move(lanes)),
        scorer_path_(std::move(scorer_path)),
        layout_(std::move(layout)) {}

  size_t lane_count() const { return lanes_.size(); }

  absl::Status RunAll(const contest::Policy& policy, const std::vector<DueRun>& due,
                      int64_t deadline_monotonic_nanos,
                      const std::function<absl::Status(const FinishedRun&)>& commit) override;

 private:
  absl::StatusOr<FinishedRun> RunOne(sandbox::Lane& lane, const contest::Policy& policy,
                                     const DueRun& due, int64_t deadline_monotonic_nanos) const;
  // `bytes` of predictions stand in `container` from `offset` on.
  absl::StatusOr<Answer> Score(sandbox::Lane& lane, const contest::Policy& policy, int container,
                               int64_t offset, int64_t bytes,
                               int64_t deadline_monotonic_nanos) const;

  std::vector<sandbox::Lane> lanes_;
  std::string scorer_path_;
  Layout layout_;
};

}  // namespace pinhole::vault
