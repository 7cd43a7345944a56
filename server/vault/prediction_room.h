// Room on the disk for what runs predict: one file for the admissions of an exchange, with a slot
// of equal size for each.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/replay/ledger_state.h"
#include "server/system/unique_fd.h"
#include "server/vault/layout.h"
#include "server/vault/run_store.h"

namespace pinhole::vault {

// Takes the room for one exchange's admissions. The file has its whole size and all its blocks
// before the transaction commits: neither says how much any run wrote, and no run can meet a full
// disk. It is not synced: EnsurePredictionRoom makes a lost one anew.
class PredictionRoom {
 public:
  // Leaves `keep_free_bytes` of the disk free.
  PredictionRoom(const Layout& layout, int64_t keep_free_bytes)
      : layout_(&layout), keep_free_bytes_(keep_free_bytes) {}

  // A slot for the submission admitted as `admit`. The first call makes the file, with room for
  // `most` such slots or for as many as the disk has. All of an exchange have the same
  // `slot_bytes`. Errors: RESOURCE_EXHAUSTED: there is no room; a later call may find some.
  absl::StatusOr<PredictionSlot> Take(int64_t admit, int64_t slot_bytes, int64_t most);

  // Gives back what was not taken. Call before the commit.
  absl::Status Finish();

 private:
  absl::Status Grow(int64_t more);

  const Layout* layout_;
  int64_t keep_free_bytes_;
  int64_t container_ = -1;
  int64_t slot_bytes_ = 0;
  int64_t taken_ = 0;  // slots
  int64_t room_ = 0;   // slots
  UniqueFd file_;
};

// Makes the room of every run that has no level yet whole again, after a crash of the machine lost
// it or when a backup is restored. Errors: RESOURCE_EXHAUSTED; else the errno.
absl::Status EnsurePredictionRoom(const Layout& layout, const replay::LedgerState& ledger,
                                  RunStore& runs);

// The names of files in the evidence's folder that no run means: an exchange that did not commit
// left them.
absl::StatusOr<std::set<std::string>> StrayPredictions(const Layout& layout, RunStore& runs);

}  // namespace pinhole::vault
