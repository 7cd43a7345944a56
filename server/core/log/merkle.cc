#include "server/core/log/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/sha256_joined.h"
#include "server/core/base/status.h"

namespace pinhole {
namespace {

// How many of `size` leaves stand in the left subtree: the largest power of two below `size`.
// Needs size > 1.
uint64_t LeftSize(uint64_t size) { return std::bit_floor(size - 1); }

// The root over leaves [begin, end). `begin` must be where a subtree of that many leaves can begin,
// which every split by LeftSize keeps true.
absl::StatusOr<Digest> ReadRange(uint64_t begin, uint64_t end, const NodeReader& read) {
  const uint64_t size = end - begin;
  if (std::has_single_bit(size)) {
    const int level = std::countr_zero(size);
    return read(level, begin >> level);
  }
  const uint64_t middle = begin + LeftSize(size);
  ASSIGN_OR_RETURN(const Digest left, ReadRange(begin, middle, read));
  ASSIGN_OR_RETURN(const Digest right, ReadRange(middle, end, read));
  return NodeHash(left, right);
}

absl::Status WrongLength() {
  return absl::InvalidArgumentError(
      "the proof has too few or too many hashes for these tree sizes; ask for it again with the "
      "sizes of your checkpoints");
}

// The root that `proof` leads to from `leaf`, by the recursion that defines PATH in RFC 6962
// section 2.1.1: the last hash is the sibling at the top.
absl::StatusOr<Digest> RootFromLeaf(uint64_t index, uint64_t size, const Digest& leaf,
                                    std::span<const Digest> proof) {
  if (size == 1) {
    if (!proof.empty()) return WrongLength();
    return leaf;
  }
  if (proof.empty()) return WrongLength();
  const Digest& sibling = proof.back();
  const auto below = proof.first(proof.size() - 1);
  const uint64_t left_size = LeftSize(size);
  if (index < left_size) {
    ASSIGN_OR_RETURN(const Digest left, RootFromLeaf(index, left_size, leaf, below));
    return NodeHash(left, sibling);
  }
  ASSIGN_OR_RETURN(const Digest right,
                   RootFromLeaf(index - left_size, size - left_size, leaf, below));
  return NodeHash(sibling, right);
}

struct OldAndNew {
  Digest old_root;
  Digest root;
};

// The two roots that `proof` leads to, by the recursion that defines SUBPROOF in RFC 6962 section
// 2.1.2. `known` is the old root while the subtree at hand still holds the whole old tree, which is
// then not repeated in the proof; else null.
absl::StatusOr<OldAndNew> RootsFromProof(uint64_t old_size, uint64_t size, const Digest* known,
                                         std::span<const Digest> proof) {
  if (old_size == size) {
    if (proof.size() != (known == nullptr ? 1u : 0u)) return WrongLength();
    const Digest& same = known == nullptr ? proof.front() : *known;
    return OldAndNew{same, same};
  }
  if (proof.empty()) return WrongLength();
  const Digest& sibling = proof.back();
  const auto below = proof.first(proof.size() - 1);
  const uint64_t left_size = LeftSize(size);
  if (old_size <= left_size) {
    ASSIGN_OR_RETURN(const OldAndNew left, RootsFromProof(old_size, left_size, known, below));
    return OldAndNew{left.old_root, NodeHash(left.root, sibling)};
  }
  ASSIGN_OR_RETURN(const OldAndNew right,
                   RootsFromProof(old_size - left_size, size - left_size, nullptr, below));
  return OldAndNew{NodeHash(sibling, right.old_root), NodeHash(sibling, right.root)};
}

absl::Status OldNotWithin(uint64_t old_size, uint64_t size) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "a tree of %d leaves cannot begin with one of %d: give the smaller size first", size,
      old_size));
}

absl::Status IndexNotWithin(uint64_t index, uint64_t size) {
  return absl::InvalidArgumentError(
      absl::StrFormat("leaf %d is not in a tree of %d leaves, which are counted from 0: take a "
                      "later checkpoint",
                      index, size));
}

}  // namespace

Digest LeafHash(std::string_view entry) {
  constexpr std::array<uint8_t, 1> kLeaf = {0};
  return Sha256Joined({kLeaf, AsBytes(entry)});
}

Digest NodeHash(ByteView left, ByteView right) {
  constexpr std::array<uint8_t, 1> kNode = {1};
  return Sha256Joined({kNode, left, right});
}

Digest EmptyRoot() { return Sha256(std::string_view()); }

Digest RootOf(std::span<const Digest> leaves) {
  MerkleFrontier frontier;
  for (const Digest& leaf : leaves) frontier.Append(leaf);
  return frontier.Root();
}

void MerkleFrontier::Append(const Digest& leaf) {
  // As a binary counter carries: each trailing 1 of the old size is a subtree that now finds its
  // equal on the right.
  Digest node = leaf;
  for (int carries = std::countr_one(size_); carries > 0; --carries) {
    node = NodeHash(subtrees_.back(), node);
    subtrees_.pop_back();
  }
  subtrees_.push_back(node);
  ++size_;
}

Digest MerkleFrontier::Root() const {
  if (subtrees_.empty()) return EmptyRoot();
  Digest root = subtrees_.back();
  for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left) {
    root = NodeHash(*left, root);
  }
  return root;
}

absl::StatusOr<Digest> ReadRoot(uint64_t size, const NodeReader& read) {
  if (size == 0) return EmptyRoot();
  return ReadRange(0, size, read);
}

absl::StatusOr<MerkleProof> BuildInclusionProof(uint64_t index, uint64_t size,
                                                const NodeReader& read) {
  if (index >= size) return IndexNotWithin(index, size);
  MerkleProof proof;  // top first, until the end
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + LeftSize(end - begin);
    if (index < middle) {
      ASSIGN_OR_RETURN(const Digest right, ReadRange(middle, end, read));
      proof.push_back(right);
      end = middle;
    } else {
      ASSIGN_OR_RETURN(const Digest left, ReadRange(begin, middle, read));
      proof.push_back(left);
      begin = middle;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<MerkleProof> BuildConsistencyProof(uint64_t old_size, uint64_t size,
                                                  const NodeReader& read) {
  if (old_size > size) return OldNotWithin(old_size, size);
  MerkleProof proof;  // top first, until the end
  if (old_size == 0) return proof;
  // Down along the old tree's right edge, until a subtree ends exactly with it.
  uint64_t begin = 0;
  uint64_t end = size;
  while (end != old_size) {
    const uint64_t middle = begin + LeftSize(end - begin);
    if (old_size <= middle) {
      ASSIGN_OR_RETURN(const Digest right, ReadRange(middle, end, read));
      proof.push_back(right);
      end = middle;
    } else {
      ASSIGN_OR_RETURN(const Digest left, ReadRange(begin, middle, read));
      proof.push_back(left);
      begin = middle;
    }
  }
  // A subtree that begins at 0 is the whole old tree: the verifier has its root.
  if (begin != 0) {
    ASSIGN_OR_RETURN(const Digest edge, ReadRange(begin, end, read));
    proof.push_back(edge);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

void MerkleTree::Append(const Digest& leaf) {
  Digest node = leaf;
  for (size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    std::vector<Digest>& nodes = levels_[level];
    nodes.push_back(node);
    if (nodes.size() % 2 == 1) return;
    node = NodeHash(nodes[nodes.size() - 2], node);
  }
}

NodeReader MerkleTree::Reader() const {
  return [this](int level, uint64_t index) -> absl::StatusOr<Digest> {
    return levels_[static_cast<size_t>(level)][index];
  };
}

absl::Status MerkleTree::CheckSize(uint64_t wanted) const {
  if (wanted <= size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the tree has %d leaves, not yet %d: ask for a size up to that", size(), wanted));
}

Digest MerkleTree::Root() const { return *ReadRoot(size(), Reader()); }

absl::StatusOr<Digest> MerkleTree::RootAt(uint64_t size) const {
  RETURN_IF_ERROR(CheckSize(size));
  return ReadRoot(size, Reader());
}

absl::StatusOr<MerkleProof> MerkleTree::InclusionProof(uint64_t index, uint64_t size) const {
  RETURN_IF_ERROR(CheckSize(size));
  return BuildInclusionProof(index, size, Reader());
}

absl::StatusOr<MerkleProof> MerkleTree::ConsistencyProof(uint64_t old_size, uint64_t size) const {
  RETURN_IF_ERROR(CheckSize(size));
  return BuildConsistencyProof(old_size, size, Reader());
}

absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Digest& leaf,
                             std::span<const Digest> proof, const Digest& root) {
  if (index >= size) return IndexNotWithin(index, size);
  ASSIGN_OR_RETURN(const Digest computed, RootFromLeaf(index, size, leaf, proof));
  if (computed == root) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the proof does not lead from leaf %d to the root of the tree of %d leaves: this entry is "
      "not the one that the signed root covers; keep the checkpoint and tell the auditor",
      index, size));
}

absl::Status VerifyConsistency(uint64_t old_size, const Digest& old_root, uint64_t size,
                               const Digest& root, std::span<const Digest> proof) {
  if (old_size > size) return OldNotWithin(old_size, size);
  OldAndNew computed{EmptyRoot(), root};
  if (old_size == 0) {
    if (!proof.empty()) return WrongLength();
    if (size == 0) computed.root = EmptyRoot();
  } else {
    ASSIGN_OR_RETURN(computed, RootsFromProof(old_size, size, &old_root, proof));
  }
  if (computed.old_root != old_root || computed.root != root) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the tree of %d leaves is not shown to begin with the tree of %d leaves: the history was "
        "changed or the proof is wrong; keep both checkpoints and tell the auditor",
        size, old_size));
  }
  return absl::OkStatus();
}

}  // namespace pinhole
