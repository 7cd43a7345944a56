// Cosignatures: the bytes of other implementations, and every changed byte found.
#include "server/core/note/cosignature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/log/checkpoint.h"

namespace pinhole {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kText[] =
    "pinhole.example/contest1\n"
    "300\n"
    "4BsONTxLnszPUag63lJOdu1sTqFEed8GnTMm7B4r98M=\n";
constexpr char kLogLine[] =
    "— pinhole.example/contest1 "
    "RxtOKuRonqE1GdJgY9fkuufu2HHhsGRB2oDWGDOSswGpSqDH4uuzPE3S1U9gG6RXbi3wyIdMIOacGs3MsnShBmAsjgA="
    "\n";
// Made in Python from the seed of 32 bytes 0x02, verified with transparency-dev/formats.
constexpr char kVkey[] = "auditor.example/w1+2a09e825+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
constexpr int64_t kTime = 1'700'000'000;
constexpr char kLine[] =
    "— auditor.example/w1 "
    "KgnoJQAAAABlU/EApKpLnycRc+/OQt7aF75d49V+v2h6+eutNDmiN2KFp7D+yNJn97jhUDksI9fbvPYSRow/"
    "DF4uxVHFOTORcdZfAw==\n";

WitnessSigner SignerOf(uint8_t value, std::string_view name) {
  std::array<uint8_t, 32> seed;
  seed.fill(value);
  return *WitnessSigner::Create(name, SigningKey::FromSeed(seed));
}

std::string Note(const std::string& lines) { return std::string(kText) + "\n" + lines; }

TEST(CosignatureTest, SignsTheSameBytesAsOtherImplementations) {
  const WitnessSigner witness = SignerOf(2, "auditor.example/w1");
  EXPECT_EQ(witness.verifier().ToVkey(), kVkey);
  EXPECT_EQ(witness.Cosign(kText, kTime), kLine);
}

TEST(CosignatureTest, ReadsVerifierKeysOfItsTypeAlone) {
  EXPECT_EQ(WitnessVerifier::FromVkey(kVkey)->ToVkey(), kVkey);
  // C2SP's example of the type.
  EXPECT_TRUE(WitnessVerifier::FromVkey(
                  "example.org/key+57bfe580+BAFFLINGNESS+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
                  .ok());
  const char* const bad[] = {
      "",
      "auditor.example/w1",
      "auditor.example/w1+2a09e825",
      // A ledger's key, of type 0x01.
      "pinhole.example/contest1+471b4e2a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
      "auditor.example/w1+2a09e826+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
      "auditor.example/w1+2A09E825+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
      "auditor.example/w2+2a09e825+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
      "auditor.example/w1+2a09e825+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybM=",
  };
  for (const char* vkey : bad) EXPECT_FALSE(WitnessVerifier::FromVkey(vkey).ok()) << vkey;
}

TEST(CosignatureTest, VerifiesThoseOfGivenWitnessesAlone) {
  const WitnessVerifier witness = *WitnessVerifier::FromVkey(kVkey);
  const WitnessSigner other = SignerOf(5, "auditor.example/w2");
  const std::string note = Note(std::string(kLogLine) + kLine + other.Cosign(kText, 7));
  EXPECT_THAT(*VerifyCosignatures(note, std::array{witness}),
              ElementsAre(Cosignature{"auditor.example/w1", kTime}));
  EXPECT_THAT(
      *VerifyCosignatures(note, std::array{other.verifier(), witness}),
      ElementsAre(Cosignature{"auditor.example/w2", 7}, Cosignature{"auditor.example/w1", kTime}));
  EXPECT_THAT(*VerifyCosignatures(Note(kLogLine), std::array{witness}), IsEmpty());
}

TEST(CosignatureTest, AWitnessCountsOnceByItsNewest) {
  const WitnessSigner witness = SignerOf(2, "auditor.example/w1");
  const std::string lines = witness.Cosign(kText, 5) + kLine + witness.Cosign(kText, 6);
  EXPECT_THAT(*VerifyCosignatures(Note(lines), std::array{witness.verifier()}),
              ElementsAre(Cosignature{"auditor.example/w1", kTime}));
}

// The ledger's own key, under a witness's type, signs another text: it cannot cosign for itself by
// the signature that it makes anyway.
TEST(CosignatureTest, ALedgersSignatureIsNoCosignature) {
  std::array<uint8_t, 32> seed;
  seed.fill(1);
  const auto as_witness =
      WitnessVerifier::Create("pinhole.example/contest1", SigningKey::FromSeed(seed).public_key());
  EXPECT_THAT(*VerifyCosignatures(Note(kLogLine), std::array{*as_witness}), IsEmpty());
}

TEST(CosignatureTest, EveryFlippedBitIsFound) {
  const WitnessVerifier witness = *WitnessVerifier::FromVkey(kVkey);
  const std::string note = Note(kLine);
  for (size_t i = 0; i < note.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = note;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const auto found = VerifyCosignatures(changed, std::array{witness});
      EXPECT_FALSE(found.ok() && !found->empty()) << i << " " << bit;
    }
  }
}

TEST(CosignatureTest, AnotherLengthIsWrong) {
  const WitnessVerifier witness = *WitnessVerifier::FromVkey(kVkey);
  for (const size_t size : {1u, 8u, 64u, 71u, 73u}) {
    const std::string line =
        FormatNoteSignature({witness.name(), witness.key_id(), std::string(size, 'x')});
    EXPECT_EQ(VerifyCosignatures(Note(line), std::array{witness}).status().code(),
              absl::StatusCode::kUnauthenticated)
        << size;
  }
}

}  // namespace
}  // namespace pinhole
