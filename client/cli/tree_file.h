// The Merkle tree of a ledger in a file that has no name: 64 bytes an entry on the disk, so that
// proofs, tiles and earlier roots of a ledger of any length need no more memory than a block of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/log/merkle.h"
#include "server/system/unique_fd.h"

namespace pinhole::cli {

// All leaves first, then nodes. One thread.
class TreeFile {
 public:
  // On the file system of temporary files; gone with the process.
  static absl::StatusOr<TreeFile> Make();

  // Errors: the errno.
  absl::Status Append(const Digest& leaf);
  absl::Status Flush();  // after the last leaf

  uint64_t size() const { return size_; }
  // Root of the complete subtree `index` of `level`, as NodeReader counts. Needs Flush. Errors:
  // DATA_LOSS for one that is not there; else the errno.
  absl::StatusOr<Digest> Node(int level, uint64_t index);
  // For the builders of core/log/merkle.h; valid while the tree stays where it is.
  NodeReader Reader();

 private:
  explicit TreeFile(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  uint64_t size_ = 0;             // leaves
  std::vector<Digest> subtrees_;  // roots of complete ones that have no sibling yet, largest first
  std::string unwritten_;
  std::string block_;      // what was read last
  int64_t block_at_ = -1;  // its place in the file; -1: none
};

}  // namespace pinhole::cli
