// A tree in a file gives what a tree in memory gives: every node, root and proof.
#include "client/cli/tree_file.h"

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"

namespace pinhole::cli {
namespace {

Digest LeafOf(uint64_t index) { return LeafHash(absl::StrFormat("entry %d", index)); }

TEST(TreeFile, HasEveryNodeOfTheTree) {
  // Around whole blocks of the file, which hold 2,048 nodes.
  for (const uint64_t size : {0, 1, 2, 3, 255, 256, 1024, 1030, 5000}) {
    SCOPED_TRACE(size);
    TreeFile file = *TreeFile::Make();
    MerkleTree tree;
    for (uint64_t i = 0; i < size; ++i) {
      ASSERT_TRUE(file.Append(LeafOf(i)).ok());
      tree.Append(LeafOf(i));
    }
    ASSERT_TRUE(file.Flush().ok());
    EXPECT_EQ(file.size(), size);
    const NodeReader nodes = tree.Reader();
    for (int level = 0; size >> level != 0; ++level) {
      for (uint64_t index = 0; index < size >> level; ++index) {
        const auto node = file.Node(level, index);
        ASSERT_TRUE(node.ok()) << node.status();
        ASSERT_EQ(*node, *nodes(level, index)) << level << " " << index;
      }
    }
    for (uint64_t old = 0; old <= size; old += 1 + size / 50)
      EXPECT_EQ(*ReadRoot(old, file.Reader()), *tree.RootAt(old));
    if (size > 0) {
      EXPECT_EQ(*BuildInclusionProof(size / 2, size, file.Reader()),
                *tree.InclusionProof(size / 2, size));
    }
  }
}

TEST(TreeFile, WhatIsNotThereIsSaid) {
  TreeFile file = *TreeFile::Make();
  ASSERT_TRUE(file.Append(LeafOf(0)).ok());
  ASSERT_TRUE(file.Flush().ok());
  EXPECT_TRUE(file.Node(0, 0).ok());
  EXPECT_TRUE(absl::IsDataLoss(file.Node(0, 1).status()));
  EXPECT_TRUE(absl::IsDataLoss(file.Node(20, 5).status()));
}

}  // namespace
}  // namespace pinhole::cli
