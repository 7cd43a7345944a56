// Sorts more records than memory holds: sorted runs put aside in a file without a name, then
// merged.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/unique_fd.h"

namespace pinhole::dataset {

struct SortKey {
  uint64_t high = 0;
  uint64_t low = 0;
  auto operator<=>(const SortKey&) const = default;
};

// Memory: about `memory_bytes` while records are added, and then at most kMergeWidth buffers of
// 64 KiB (longer where a record is), however many records there are. Disk: up to twice what was
// added and 24 bytes a record, in `folder`, of which nothing stays, not even after a crash.
//
//   Add …, Seal once, Next until false. Not thread-safe; neither copies nor moves.
class SpillSort {
 public:
  static constexpr size_t kMergeWidth = 64;

  // `memory_bytes`: up to 2 GiB.
  SpillSort(std::string folder, size_t memory_bytes);
  SpillSort(const SpillSort&) = delete;
  SpillSort& operator=(const SpillSort&) = delete;
  ~SpillSort();

  // `record` may have up to 2^32 - 1 bytes. Errors: the errno.
  absl::Status Add(SortKey key, std::string_view record);

  // Nothing is added any more.
  absl::Status Seal();

  // True: the next record by key, and among equal keys in no particular order. Errors: the errno.
  absl::StatusOr<bool> Next();
  SortKey key() const { return key_; }
  std::string_view record() const { return record_; }  // until the next Next

 private:
  struct Place {
    SortKey key;
    uint32_t begin;
    uint32_t size;
  };
  static constexpr size_t kMostMemoryBytes = size_t{2} << 30;  // so that `begin` holds every place
  struct Run {
    int64_t begin;  // in the file
    int64_t end;
  };
  class RunReader;
  class RunWriter;
  class Merge;

  static void Sort(std::span<Place> places, int shift);
  absl::Status Spill();
  absl::Status MergeFirstRuns();
  absl::Status OpenFile();

  std::string folder_;
  size_t memory_bytes_;
  std::string buffer_;         // the records in memory, end to end
  std::vector<Place> places_;  // of them
  size_t next_place_ = 0;
  UniqueFd file_;
  int64_t file_end_ = 0;
  std::vector<Run> runs_;
  std::unique_ptr<Merge> merge_;  // once sealed, where anything was put aside
  SortKey key_;
  std::string_view record_;
};

}  // namespace pinhole::dataset
