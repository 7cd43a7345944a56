// Checkpoints: exact bytes against other implementations' signatures, and every damaged note
// refused.
#include "server/core/log/checkpoint.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace pinhole {
namespace {

constexpr char kVkey[] =
    "pinhole.example/contest1+471b4e2a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
// Made in Python from the seed of 32 bytes 0x01, verified with Go's sumdb/note.
constexpr char kNote[] =
    "pinhole.example/contest1\n"
    "300\n"
    "4BsONTxLnszPUag63lJOdu1sTqFEed8GnTMm7B4r98M=\n"
    "\n"
    "— pinhole.example/contest1 "
    "RxtOKuRonqE1GdJgY9fkuufu2HHhsGRB2oDWGDOSswGpSqDH4uuzPE3S1U9gG6RXbi3wyIdMIOacGs3MsnShBmAsjgA="
    "\n";
// A witness's cosignature on it (signature type 0x04), verified with transparency-dev/formats.
constexpr char kCosignature[] =
    "— auditor.example/w1 "
    "KgnoJQAAAABlU/EApKpLnycRc+/OQt7aF75d49V+v2h6+eutNDmiN2KFp7D+yNJn97jhUDksI9fbvPYSRow/"
    "DF4uxVHFOTOR"
    "cdZfAw==\n";

Checkpoint Expected() {
  return {"pinhole.example/contest1", 300,
          *HexDecodeArray<32>("e01b0e353c4b9ecccf51a83ade524e76ed6c4ea14479df069d3326ec1e2bf7c3")};
}

std::array<uint8_t, 32> SeedOf(uint8_t value) {
  std::array<uint8_t, 32> seed;
  seed.fill(value);
  return seed;
}

NoteSigner SignerOf(uint8_t value, std::string_view name) {
  return *NoteSigner::Create(name, SigningKey::FromSeed(SeedOf(value)));
}

TEST(Checkpoint, SignsTheSameBytesAsOtherImplementations) {
  const NoteSigner log = SignerOf(0x01, "pinhole.example/contest1");
  EXPECT_EQ(log.verifier().ToVkey(), kVkey);
  EXPECT_EQ(*SignCheckpoint(Expected(), log), kNote);
}

// sigsum-go's deterministic vector: its own origin, the same note format.
TEST(Checkpoint, MatchesSigsumsVector) {
  std::array<uint8_t, 32> seed{0x11};
  const Checkpoint checkpoint{
      "sigsum.org/v1/tree/e796172b92befd62d9dc67e41c2f5bc9d3100a3023b20b1ca40288dd1c679e69", 10,
      Digest{0x1c, 0x0e, 0x47}};
  const auto log = NoteSigner::Create(checkpoint.origin, SigningKey::FromSeed(seed));
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(*SignCheckpoint(checkpoint, *log),
            absl::StrCat(FormatCheckpoint(checkpoint), "\n— ", checkpoint.origin,
                         " gJ2ho0n8F8olcerUF1FFdv235A/5as/coWrpLrtE7ovMeP5whgwouYExowG/"
                         "lTznxu6OUGjjt5yJQ6bXtTcf718MqAQ=\n"));
}

TEST(Checkpoint, OpensWithAndWithoutAStrangersCosignature) {
  const NoteVerifier log = *NoteVerifier::FromVkey(kVkey);
  for (const std::string& note : {std::string(kNote), absl::StrCat(kNote, kCosignature)}) {
    const auto opened = OpenCheckpoint(note, log);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, Expected());
  }
}

TEST(Checkpoint, RefusesEveryFlippedBitAndEveryCut) {
  const NoteVerifier log = *NoteVerifier::FromVkey(kVkey);
  const std::string note = kNote;
  for (size_t i = 0; i < note.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = note;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      EXPECT_FALSE(OpenCheckpoint(damaged, log).ok()) << "byte " << i << " bit " << bit;
    }
    EXPECT_FALSE(OpenCheckpoint(note.substr(0, i), log).ok()) << "cut to " << i;
    EXPECT_FALSE(OpenCheckpoint(note.substr(i + 1), log).ok()) << "without the first " << i + 1;
  }
}

TEST(Checkpoint, RefusesAnotherKeyAndAnotherLedger) {
  const NoteSigner log = SignerOf(0x01, "pinhole.example/contest1");
  const NoteSigner other_key = SignerOf(0x02, "pinhole.example/contest1");
  const NoteSigner other_name = SignerOf(0x01, "pinhole.example/contest2");
  EXPECT_EQ(OpenCheckpoint(kNote, other_key.verifier()).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(OpenCheckpoint(kNote, other_name.verifier()).status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(SignCheckpoint(Expected(), other_name).status().code(),
            absl::StatusCode::kInvalidArgument);
  // Rightly signed, but about another ledger.
  const std::string foreign = *other_name.Sign(FormatCheckpoint(Expected()));
  EXPECT_EQ(OpenCheckpoint(foreign, other_name.verifier()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Checkpoint, ParsesWhatItFormats) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{70000}, (uint64_t{1} << 63) - 1}) {
    const Checkpoint checkpoint{"pinhole.example/contest1", size, Sha256("root")};
    const auto parsed = ParseCheckpoint(FormatCheckpoint(checkpoint));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, checkpoint);
  }
}

TEST(Checkpoint, RefusesMalformedTexts) {
  struct Case {
    const char* name;
    std::string text;
  };
  const std::string root = "4BsONTxLnszPUag63lJOdu1sTqFEed8GnTMm7B4r98M=";
  ASSERT_TRUE(ParseCheckpoint("a\n300\n" + root + "\n").ok());
  for (const Case& c : {
           Case{"empty", ""},
           Case{"two_lines", "a\n300\n"},
           Case{"no_last_newline", "a\n300\n" + root},
           Case{"extension_line", "a\n300\n" + root + "\nextension\n"},
           Case{"empty_line_after", "a\n300\n" + root + "\n\n"},
           Case{"text_after", "a\n300\n" + root + "\nx"},
           Case{"no_origin", "\n300\n" + root + "\n"},
           Case{"origin_with_space", "a b\n300\n" + root + "\n"},
           Case{"origin_with_plus", "a+b\n300\n" + root + "\n"},
           Case{"carriage_return", "a\r\n300\n" + root + "\n"},
           Case{"leading_zero", "a\n0300\n" + root + "\n"},
           Case{"zeros", "a\n00\n" + root + "\n"},
           Case{"no_size", "a\n\n" + root + "\n"},
           Case{"signed_size", "a\n+300\n" + root + "\n"},
           Case{"negative_size", "a\n-300\n" + root + "\n"},
           Case{"hex_size", "a\n0x12c\n" + root + "\n"},
           Case{"space_before_size", "a\n 300\n" + root + "\n"},
           Case{"space_after_size", "a\n300 \n" + root + "\n"},
           Case{"size_of_2_to_63", "a\n9223372036854775808\n" + root + "\n"},
           Case{"no_root", "a\n300\n\n"},
           Case{"root_of_31_bytes",
                "a\n300\n" + Base64Encode(AsBytes(std::string(31, 'r'))) + "\n"},
           Case{"root_of_33_bytes",
                "a\n300\n" + Base64Encode(AsBytes(std::string(33, 'r'))) + "\n"},
           Case{"root_without_padding", "a\n300\n" + root.substr(0, 43) + "\n"},
           Case{"root_with_stray_bits", "a\n300\n" + root.substr(0, 42) + "N=\n"},
           Case{"root_in_hex", "a\n300\n" + HexEncode(Expected().root) + "\n"},
       }) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ParseCheckpoint(c.text).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pinhole
