// The ledger's Merkle tree: hashes, roots, proofs that an entry is in it and that it only grew.
//
// Everything follows RFC 6962 section 2.1 (unchanged in RFC 9162 section 2.1), with SHA-256. Leaves
// are counted from 0. "Leaf" means a leaf's hash, never the entry's bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"
#include "server/core/base/sha256.h"

namespace pinhole {

// SHA-256(0x00 ‖ entry).
Digest LeafHash(std::string_view entry);

// SHA-256(0x01 ‖ left ‖ right). The other first byte keeps an entry from passing as a node.
Digest NodeHash(ByteView left, ByteView right);

// The root of the tree without leaves: SHA-256 of nothing.
Digest EmptyRoot();

Digest RootOf(std::span<const Digest> leaves);

// What must be remembered of a tree to append to it and know its root: the roots of its complete
// subtrees, one for each bit set in size(), so at most 64 hashes. A value: copy it to look ahead.
class MerkleFrontier {
 public:
  void Append(const Digest& leaf);
  Digest Root() const;
  uint64_t size() const { return size_; }

  bool operator==(const MerkleFrontier&) const = default;

 private:
  uint64_t size_ = 0;
  std::vector<Digest> subtrees_;  // largest, that is leftmost, first
};

// The root of the complete subtree over leaves [index·2^level, (index+1)·2^level). May fail when
// the nodes are in a database; the builders below pass its error up.
using NodeReader = std::function<absl::StatusOr<Digest>(int level, uint64_t index)>;

// A proof's hashes in RFC 6962's order: nearest to the leaves first.
using MerkleProof = std::vector<Digest>;

// The builders ask `read` only for complete subtrees of the first `size` leaves, O(log size) times.

// The root that the tree had when it held `size` leaves.
absl::StatusOr<Digest> ReadRoot(uint64_t size, const NodeReader& read);

// That leaf `index` is in the tree of `size` leaves. Errors: INVALID_ARGUMENT unless index < size.
absl::StatusOr<MerkleProof> BuildInclusionProof(uint64_t index, uint64_t size,
                                                const NodeReader& read);

// That the tree of `old_size` leaves begins the tree of `size` leaves. Empty when old_size is 0 or
// `size`. Errors: INVALID_ARGUMENT when old_size > size.
absl::StatusOr<MerkleProof> BuildConsistencyProof(uint64_t old_size, uint64_t size,
                                                  const NodeReader& read);

// A tree that keeps every complete subtree's root in memory, 64 bytes an entry in all; append and
// proofs take O(log size). Const members may be called from several threads at once.
class MerkleTree {
 public:
  void Append(const Digest& leaf);
  uint64_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }
  Digest Root() const;

  // The same for any earlier size. Errors: INVALID_ARGUMENT when a size is greater than size(), or
  // as for the builders above.
  absl::StatusOr<Digest> RootAt(uint64_t size) const;
  absl::StatusOr<MerkleProof> InclusionProof(uint64_t index, uint64_t size) const;
  absl::StatusOr<MerkleProof> ConsistencyProof(uint64_t old_size, uint64_t size) const;

  // Of all complete subtrees; valid while the tree is.
  NodeReader Reader() const;

 private:
  absl::Status CheckSize(uint64_t size) const;

  std::vector<std::vector<Digest>> levels_;  // levels_[level][index], as NodeReader counts
};

// OK when `proof` shows that `leaf` is number `index` of the `size` leaves under `root`; its length
// must be exactly right. The root must come with its size from one checkpoint: a root alone does
// not tell the size, and at another size that gives the leaf the same path the proof would hold
// too. Errors: INVALID_ARGUMENT.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Digest& leaf,
                             std::span<const Digest> proof, const Digest& root);

// OK when `proof` shows that the tree (size, root) begins with the tree (old_size, old_root). With
// old_size 0 the proof must be empty and old_root the empty root: anything begins with nothing.
// Errors: INVALID_ARGUMENT.
absl::Status VerifyConsistency(uint64_t old_size, const Digest& old_root, uint64_t size,
                               const Digest& root, std::span<const Digest> proof);

}  // namespace pinhole
