// Proofs that travel alone: they verify, every flipped bit is found, and further data is data.
#include "server/core/log/tlog_proof.h"

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace pinhole {
namespace {

// Of the ledger of 300 entries "entry N\n" whose head other implementations signed and verified.
constexpr char kNote[] =
    "pinhole.example/contest1\n"
    "300\n"
    "4BsONTxLnszPUag63lJOdu1sTqFEed8GnTMm7B4r98M=\n"
    "\n"
    "— pinhole.example/contest1 "
    "RxtOKuRonqE1GdJgY9fkuufu2HHhsGRB2oDWGDOSswGpSqDH4uuzPE3S1U9gG6RXbi3wyIdMIOacGs3MsnShBmAsjgA="
    "\n";
constexpr char kVkey[] =
    "pinhole.example/contest1+471b4e2a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";

std::string EntryAt(uint64_t index) { return absl::StrFormat("entry %d\n", index); }

TlogProof ProofOf(uint64_t index) {
  MerkleTree tree;
  for (uint64_t i = 0; i < 300; ++i) tree.Append(LeafHash(EntryAt(i)));
  return {
      .extra = {}, .index = index, .hashes = *tree.InclusionProof(index, 300), .checkpoint = kNote};
}

TEST(TlogProofTest, EveryEntryOfALedgerVerifies) {
  const NoteVerifier log = *NoteVerifier::FromVkey(kVkey);
  for (const uint64_t index : {0u, 1u, 17u, 255u, 256u, 299u}) {
    const TlogProof proof = ProofOf(index);
    const auto read = ParseTlogProof(FormatTlogProof(proof));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, proof);
    const auto head = VerifyTlogProof(*read, EntryAt(index), log);
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ(head->size, 300u);
    EXPECT_FALSE(VerifyTlogProof(*read, EntryAt(index + 1), log).ok());
  }
}

TEST(TlogProofTest, EveryFlippedBitIsFound) {
  const NoteVerifier log = *NoteVerifier::FromVkey(kVkey);
  const std::string text = FormatTlogProof(ProofOf(17));
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const auto read = ParseTlogProof(changed);
      EXPECT_FALSE(read.ok() && VerifyTlogProof(*read, EntryAt(17), log).ok()) << i << " " << bit;
    }
  }
}

TEST(TlogProofTest, EveryCutIsFound) {
  const NoteVerifier log = *NoteVerifier::FromVkey(kVkey);
  const std::string text = FormatTlogProof(ProofOf(17));
  for (size_t cut = 0; cut < text.size(); ++cut) {
    const auto read = ParseTlogProof(text.substr(0, cut));
    EXPECT_FALSE(read.ok() && VerifyTlogProof(*read, EntryAt(17), log).ok()) << cut;
  }
}

TEST(TlogProofTest, FurtherDataComesBack) {
  const std::string text = FormatTlogProof(ProofOf(17));
  const auto with = [&](const std::string& line) {
    return absl::StrReplaceAll(text, {{"\nindex", "\n" + line + "\nindex"}});
  };
  TlogProof proof = ProofOf(17);
  proof.extra = "age";
  EXPECT_EQ(FormatTlogProof(proof), with("extra YWdl"));
  EXPECT_EQ(*ParseTlogProof(with("extra YWdl")), proof);
  EXPECT_FALSE(ParseTlogProof(with("extra ?")).ok());
  EXPECT_FALSE(ParseTlogProof(with("other YWdl")).ok());
}

TEST(TlogProofTest, AProofOfNoHashesIsOfALedgerOfOne) {
  const TlogProof proof{.extra = {}, .index = 0, .hashes = {}, .checkpoint = kNote};
  EXPECT_EQ(*ParseTlogProof(FormatTlogProof(proof)), proof);
  EXPECT_FALSE(VerifyTlogProof(proof, EntryAt(0), *NoteVerifier::FromVkey(kVkey)).ok());
}

TEST(TlogProofTest, MoreHashesThanAnyTreeHasAreRefused) {
  TlogProof proof = ProofOf(0);
  proof.hashes.resize(63);
  EXPECT_TRUE(ParseTlogProof(FormatTlogProof(proof)).ok());
  proof.hashes.resize(64);
  EXPECT_FALSE(ParseTlogProof(FormatTlogProof(proof)).ok());
}

}  // namespace
}  // namespace pinhole
