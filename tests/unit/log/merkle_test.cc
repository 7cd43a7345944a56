// The Merkle tree against published vectors, against RFC 6962's definition, and against every
// simple forgery of every proof in trees of up to 130 leaves.
#include "server/core/log/merkle.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace pinhole {
namespace {

constexpr uint64_t kSizes = 130;

std::vector<std::string> ToHex(const MerkleProof& proof) {
  std::vector<std::string> out;
  for (const Digest& digest : proof) out.push_back(HexEncode(digest));
  return out;
}

// Leaves of the entries "entry 0\n", "entry 1\n" and so on.
std::vector<Digest> NumberedLeaves(uint64_t size) {
  std::vector<Digest> leaves;
  for (uint64_t i = 0; i < size; ++i) leaves.push_back(LeafHash(absl::StrCat("entry ", i, "\n")));
  return leaves;
}

MerkleTree TreeOf(const std::vector<Digest>& leaves) {
  MerkleTree tree;
  for (const Digest& leaf : leaves) tree.Append(leaf);
  return tree;
}

// MTH of RFC 6962 section 2.1, word for word and slow.
Digest DefinedRoot(std::span<const Digest> leaves) {
  if (leaves.empty()) return EmptyRoot();
  if (leaves.size() == 1) return leaves[0];
  size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return NodeHash(DefinedRoot(leaves.first(k)), DefinedRoot(leaves.subspan(k)));
}

// On which side of the path each sibling of a leaf stands, top first.
std::string Sides(uint64_t index, uint64_t size) {
  if (size == 1) return "";
  uint64_t k = 1;
  while (k * 2 < size) k *= 2;
  return index < k ? "R" + Sides(index, k) : "L" + Sides(index - k, size - k);
}

Digest Flipped(Digest digest, size_t bit = 77) {
  digest[bit / 8] = static_cast<uint8_t>(digest[bit / 8] ^ (1 << bit % 8));
  return digest;
}

// Proofs that differ from `proof` by one bit of one hash, or by one hash less or more.
std::vector<MerkleProof> Forgeries(const MerkleProof& proof) {
  std::vector<MerkleProof> out;
  const Digest extra = LeafHash("extra");
  for (size_t i = 0; i < proof.size(); ++i) {
    MerkleProof forged = proof;
    forged[i] = Flipped(proof[i], i * 31 % 256);
    out.push_back(forged);
    forged = proof;
    forged.erase(forged.begin() + static_cast<ptrdiff_t>(i));
    out.push_back(forged);
  }
  for (size_t i = 0; i <= proof.size(); ++i) {
    MerkleProof forged = proof;
    forged.insert(forged.begin() + static_cast<ptrdiff_t>(i), extra);
    out.push_back(forged);
  }
  return out;
}

// The eight leaves and roots that the certificate transparency projects share
// (certificate-transparency, cpp/merkletree/merkle_tree_test.cc).
constexpr std::array kRfc6962Leaves = {"",
                                       "00",
                                       "10",
                                       "2021",
                                       "3031",
                                       "40414243",
                                       "5051525354555657",
                                       "606162636465666768696a6b6c6d6e6f"};
constexpr std::array kRfc6962Roots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<Digest> Rfc6962Leaves() {
  std::vector<Digest> leaves;
  for (const char* leaf : kRfc6962Leaves) leaves.push_back(LeafHash(*HexDecode(leaf)));
  return leaves;
}

TEST(MerkleHash, MatchesPublishedVectors) {
  EXPECT_EQ(HexEncode(LeafHash("L123456")),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  EXPECT_EQ(HexEncode(NodeHash(AsBytes("N123"), AsBytes("N456"))),
            "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
  EXPECT_EQ(Base64Encode(LeafHash("hello world")), "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=");
}

TEST(MerkleFrontier, MatchesPublishedRoots) {
  MerkleFrontier frontier;
  EXPECT_EQ(HexEncode(frontier.Root()), kRfc6962Roots[0]);
  const std::vector<Digest> leaves = Rfc6962Leaves();
  for (size_t i = 0; i < leaves.size(); ++i) {
    SCOPED_TRACE(i);
    frontier.Append(leaves[i]);
    EXPECT_EQ(frontier.size(), i + 1);
    EXPECT_EQ(HexEncode(frontier.Root()), kRfc6962Roots[i + 1]);
  }
}

// Made in Python and checked with Go's sumdb/tlog.
TEST(MerkleFrontier, MatchesRootsOfNumberedEntries) {
  struct Case {
    uint64_t size;
    const char* root;
  };
  const std::vector<Digest> leaves = NumberedLeaves(70000);
  EXPECT_EQ(HexEncode(leaves[0]),
            "1621ce7da8b254a4a5258c908c7003736cfc346f2482abe60a60651fbc116791");
  const MerkleTree tree = TreeOf(leaves);
  for (const Case& c :
       {Case{2, "fe1fb6b3d8e74bee2eed1c87c6474cc42eb38a1caa85c9aefd8a3c3501313925"},
        Case{255, "b81d25ee593489ab70e19282ecea766d82aa5727f6dd27b9e69c0bb14fe7b890"},
        Case{256, "4e8b3bded694dcf1936346c5cc7fc4712c1333cedbda602789d6e3b83c3ac205"},
        Case{257, "07adb6e064fa4292183642fad51e8c0a7ac6885ce550c077c9343de62b57adc0"},
        Case{300, "e01b0e353c4b9ecccf51a83ade524e76ed6c4ea14479df069d3326ec1e2bf7c3"},
        Case{65536, "a4a77746eb6491c862514c1037a1a6c56a5acb1cf67222f7a95c516518e8ad3b"},
        Case{70000, "3f246524734d4d3856875ac2164044e1a75a7c872de76acfd4b26dac09b5bdc0"}}) {
    SCOPED_TRACE(c.size);
    EXPECT_EQ(HexEncode(RootOf(std::span(leaves).first(c.size))), c.root);
    EXPECT_EQ(HexEncode(*tree.RootAt(c.size)), c.root);
  }
}

TEST(MerkleFrontier, CopyLooksAheadWithoutChangingTheOriginal) {
  const std::vector<Digest> leaves = NumberedLeaves(8);
  MerkleFrontier frontier;
  for (size_t i = 0; i < 7; ++i) frontier.Append(leaves[i]);
  MerkleFrontier ahead = frontier;
  EXPECT_EQ(ahead, frontier);
  ahead.Append(leaves[7]);
  EXPECT_NE(ahead, frontier);
  EXPECT_EQ(frontier.Root(), RootOf(std::span(leaves).first(7)));
  EXPECT_EQ(ahead.Root(), RootOf(leaves));
}

TEST(MerkleRoot, FollowsTheDefinitionAtEverySize) {
  const std::vector<Digest> leaves = NumberedLeaves(kSizes);
  const MerkleTree whole = TreeOf(leaves);
  MerkleFrontier frontier;
  MerkleTree tree;
  for (uint64_t size = 0; size <= kSizes; ++size) {
    SCOPED_TRACE(size);
    const Digest root = DefinedRoot(std::span(leaves).first(size));
    EXPECT_EQ(frontier.Root(), root);
    EXPECT_EQ(tree.Root(), root);
    EXPECT_EQ(*whole.RootAt(size), root);
    if (size == kSizes) break;
    frontier.Append(leaves[size]);
    tree.Append(leaves[size]);
  }
}

constexpr char kLeaf1[] = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
constexpr char kNode23[] = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
constexpr char kNode4567[] = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
constexpr char kLeaf4[] = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
constexpr char kNode67[] = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
constexpr char kNode45[] = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
constexpr char kLeaf6[] = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";

TEST(InclusionProof, MatchesPublishedVectors) {
  struct Case {
    uint64_t index;
    uint64_t size;
    std::vector<std::string> proof;
  };
  const MerkleTree tree = TreeOf(Rfc6962Leaves());
  for (const Case& c :
       {Case{0, 1, {}}, Case{0, 8, {kLeaf1, kNode23, kNode4567}},
        Case{5, 8, {kLeaf4, kNode67, kRfc6962Roots[4]}}, Case{2, 3, {kRfc6962Roots[2]}},
        Case{1, 5, {kRfc6962Roots[1], kNode23, kLeaf4}}}) {
    SCOPED_TRACE(absl::StrCat(c.index, " of ", c.size));
    EXPECT_EQ(ToHex(*tree.InclusionProof(c.index, c.size)), c.proof);
  }
}

TEST(ConsistencyProof, MatchesPublishedVectors) {
  struct Case {
    uint64_t old_size;
    uint64_t size;
    std::vector<std::string> proof;
  };
  const MerkleTree tree = TreeOf(Rfc6962Leaves());
  for (const Case& c :
       {Case{0, 8, {}}, Case{1, 1, {}}, Case{8, 8, {}}, Case{1, 8, {kLeaf1, kNode23, kNode4567}},
        Case{6, 8, {kNode45, kNode67, kRfc6962Roots[4]}}, Case{2, 5, {kNode23, kLeaf4}},
        Case{6, 7, {kNode45, kLeaf6, kRfc6962Roots[4]}}}) {
    SCOPED_TRACE(absl::StrCat(c.old_size, " to ", c.size));
    EXPECT_EQ(ToHex(*tree.ConsistencyProof(c.old_size, c.size)), c.proof);
  }
  // Made in Python and checked with Go's sumdb/tlog.
  EXPECT_EQ(
      ToHex(*TreeOf(NumberedLeaves(300)).ConsistencyProof(256, 300)),
      std::vector<std::string>{"37ff4d71dd9d395bfde13713b63d503c57611b06036adf1e09d0fe0d05b42a47"});
}

TEST(InclusionProof, EveryOneVerifiesAndNoForgeryDoes) {
  const std::vector<Digest> leaves = NumberedLeaves(kSizes);
  const MerkleTree tree = TreeOf(leaves);
  for (uint64_t size = 1; size <= kSizes; ++size) {
    const Digest root = *tree.RootAt(size);
    for (uint64_t index = 0; index < size; ++index) {
      SCOPED_TRACE(absl::StrCat(index, " of ", size));
      const Digest& leaf = leaves[index];
      const MerkleProof proof = *tree.InclusionProof(index, size);
      ASSERT_TRUE(VerifyInclusion(index, size, leaf, proof, root).ok());
      for (const MerkleProof& forged : Forgeries(proof)) {
        ASSERT_FALSE(VerifyInclusion(index, size, leaf, forged, root).ok());
      }
      ASSERT_FALSE(VerifyInclusion(index, size, Flipped(leaf), proof, root).ok());
      ASSERT_FALSE(VerifyInclusion(index, size, leaf, proof, Flipped(root)).ok());
      ASSERT_FALSE(VerifyInclusion(size, size, leaf, proof, root).ok());
    }
  }
}

TEST(InclusionProof, HoldsAtItsIndexAndSizeOnly) {
  const std::vector<Digest> leaves = NumberedLeaves(kSizes);
  const MerkleTree tree = TreeOf(leaves);
  for (uint64_t size = 1; size <= kSizes; ++size) {
    const Digest root = *tree.RootAt(size);
    for (uint64_t index = 0; index < size; index += 7) {
      const MerkleProof proof = *tree.InclusionProof(index, size);
      for (uint64_t other = 0; other < size; ++other) {
        ASSERT_EQ(VerifyInclusion(other, size, leaves[index], proof, root).ok(), other == index)
            << index << " taken for " << other << " of " << size;
      }
      // A root alone does not tell its size: the checkpoint binds the two. With a size that gives
      // the leaf the same path the proof holds, with any other it does not.
      for (uint64_t other = index + 1; other <= kSizes; ++other) {
        ASSERT_EQ(VerifyInclusion(index, other, leaves[index], proof, root).ok(),
                  Sides(index, other) == Sides(index, size))
            << index << " of " << size << " taken for one of " << other;
        ASSERT_EQ(VerifyInclusion(index, other, leaves[index], proof, *tree.RootAt(other)).ok(),
                  other == size)
            << index << " of " << size << " under the root of " << other;
      }
    }
  }
}

TEST(ConsistencyProof, EveryOneVerifiesAndNoForgeryDoes) {
  const MerkleTree tree = TreeOf(NumberedLeaves(kSizes));
  int verified = 0;
  for (uint64_t size = 0; size <= kSizes; ++size) {
    const Digest root = *tree.RootAt(size);
    for (uint64_t old_size = 0; old_size <= size; ++old_size) {
      SCOPED_TRACE(absl::StrCat(old_size, " to ", size));
      const Digest old_root = *tree.RootAt(old_size);
      const MerkleProof proof = *tree.ConsistencyProof(old_size, size);
      ASSERT_TRUE(VerifyConsistency(old_size, old_root, size, root, proof).ok());
      if (old_size > 0) ++verified;
      for (const MerkleProof& forged : Forgeries(proof)) {
        ASSERT_FALSE(VerifyConsistency(old_size, old_root, size, root, forged).ok());
      }
      ASSERT_FALSE(VerifyConsistency(old_size, Flipped(old_root), size, root, proof).ok());
      // Nothing binds a root to the tree of size 0 but its own being the empty root.
      if (old_size > 0 || size == 0) {
        ASSERT_FALSE(VerifyConsistency(old_size, old_root, size, Flipped(root), proof).ok());
      }
      if (old_size < size) {
        ASSERT_FALSE(VerifyConsistency(size, root, old_size, old_root, proof).ok());
      }
    }
  }
  EXPECT_EQ(verified, kSizes * (kSizes + 1) / 2);
}

TEST(ConsistencyProof, HoldsForItsSizesOnly) {
  const MerkleTree tree = TreeOf(NumberedLeaves(kSizes));
  for (uint64_t size = 1; size <= kSizes; size += 3) {
    const Digest root = *tree.RootAt(size);
    for (uint64_t old_size = 1; old_size <= size; ++old_size) {
      const Digest old_root = *tree.RootAt(old_size);
      const MerkleProof proof = *tree.ConsistencyProof(old_size, size);
      for (uint64_t other = 0; other <= size; ++other) {
        ASSERT_EQ(VerifyConsistency(other, old_root, size, root, proof).ok(), other == old_size)
            << old_size << " taken for " << other << " to " << size;
      }
      for (uint64_t other = old_size; other <= kSizes; ++other) {
        ASSERT_EQ(VerifyConsistency(old_size, old_root, other, *tree.RootAt(other), proof).ok(),
                  other == size)
            << old_size << " to " << size << " taken for one to " << other;
      }
    }
  }
}

TEST(ConsistencyProof, ShowsAChangedHistory) {
  std::vector<Digest> leaves = NumberedLeaves(20);
  const MerkleTree honest = TreeOf(leaves);
  leaves[3] = LeafHash("another entry\n");
  const MerkleTree rewritten = TreeOf(leaves);
  for (uint64_t old_size = 4; old_size <= 20; ++old_size) {
    EXPECT_FALSE(VerifyConsistency(old_size, *honest.RootAt(old_size), 20, rewritten.Root(),
                                   *rewritten.ConsistencyProof(old_size, 20))
                     .ok())
        << old_size;
  }
}

TEST(MerkleTree, RefusesSizesItHasNot) {
  const MerkleTree tree = TreeOf(NumberedLeaves(5));
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(tree.RootAt(6).status().code(), kInvalid);
  EXPECT_EQ(tree.InclusionProof(0, 6).status().code(), kInvalid);
  EXPECT_EQ(tree.InclusionProof(5, 5).status().code(), kInvalid);
  EXPECT_EQ(tree.InclusionProof(0, 0).status().code(), kInvalid);
  EXPECT_EQ(tree.ConsistencyProof(1, 6).status().code(), kInvalid);
  EXPECT_EQ(tree.ConsistencyProof(4, 3).status().code(), kInvalid);
  EXPECT_EQ(MerkleTree().Root(), EmptyRoot());
}

TEST(MerkleVerifier, EndsAtTheLargestSizes) {
  constexpr uint64_t kMax = ~uint64_t{0};
  const Digest some = LeafHash("some");
  const MerkleProof long_proof(64, some);
  for (const uint64_t size : {uint64_t{1} << 63, kMax}) {
    EXPECT_FALSE(VerifyInclusion(size - 1, size, some, long_proof, some).ok());
    EXPECT_FALSE(VerifyInclusion(0, size, some, {}, some).ok());
    EXPECT_FALSE(VerifyConsistency(1, some, size, some, long_proof).ok());
    EXPECT_FALSE(VerifyConsistency(size - 1, some, size, some, long_proof).ok());
  }
}

TEST(MerkleBuilder, PassesTheReadersErrorUpAndReadsFewNodes) {
  const NodeReader broken = [](int, uint64_t) -> absl::StatusOr<Digest> {
    return absl::DataLossError("a node is missing");
  };
  EXPECT_EQ(ReadRoot(3, broken).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(BuildInclusionProof(0, 3, broken).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(BuildConsistencyProof(2, 3, broken).status().code(), absl::StatusCode::kDataLoss);

  int reads = 0;
  const NodeReader counting = [&reads](int, uint64_t) -> absl::StatusOr<Digest> {
    ++reads;
    return Digest{};
  };
  const uint64_t size = (uint64_t{1} << 40) - 1;  // the shape with the most subtrees
  for (const uint64_t at : {uint64_t{0}, size / 3, size - 1}) {
    reads = 0;
    ASSERT_TRUE(BuildInclusionProof(at, size, counting).ok());
    EXPECT_LE(reads, 80) << at;
    reads = 0;
    ASSERT_TRUE(BuildConsistencyProof(at + 1, size, counting).ok());
    EXPECT_LE(reads, 80) << at;
  }
}

}  // namespace
}  // namespace pinhole
