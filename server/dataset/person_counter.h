// Counts distinct persons, and those who have rows on both sides of the split.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/sha256.h"
#include "server/dataset/spill_sort.h"

namespace pinhole::dataset {

// Persons by where they have rows. Where `both` is not 0, rows of the training set tell something
// of persons that are scored.
struct PersonOverlap {
  int64_t train = 0;
  int64_t scored = 0;
  int64_t both = 0;
};

enum class Side : uint8_t { kTrain = 1, kScored = 2 };

// A person is told from another by 16 bytes of a keyed hash. Memory: about 40 bytes a person up to
// kPersonsInMemory, then no more: the rest is put aside in `folder` (spill_sort.h) and counted at
// the end. Not thread-safe.
class PersonCounter {
 public:
  static constexpr size_t kPersonsInMemory = size_t{1} << 19;

  explicit PersonCounter(std::string folder, size_t persons_in_memory = kPersonsInMemory);

  absl::Status See(const Digest& person, Side side);

  // Once, at the end.
  absl::StatusOr<PersonOverlap> Count();

 private:
  absl::Status PutAside();

  size_t persons_in_memory_;
  absl::flat_hash_map<std::array<uint64_t, 2>, uint8_t> sides_;
  SpillSort aside_;
  bool any_aside_ = false;
};

}  // namespace pinhole::dataset
