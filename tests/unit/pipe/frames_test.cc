// Frames have one size, one spelling, and refuse everything else.
#include "server/core/pipe/frames.h"

#include <gtest/gtest.h>

#include <random>

namespace pinhole::pipe {
namespace {

TEST(Frames, KeepTypeAndPayload) {
  for (const size_t size : {size_t{0}, size_t{1}, kToVaultPayload}) {
    const ToVaultFrame frame{ToVaultType::kProgram, std::string(size, '\x7f')};
    const std::string bytes = EncodeToVault(frame);
    ASSERT_EQ(bytes.size(), kToVaultBytes);
    ASSERT_TRUE(DecodeToVault(bytes).ok());
    EXPECT_EQ(*DecodeToVault(bytes), frame);
  }
  const ToFrontFrame frame{ToFrontType::kCheckpoint, "a note\n"};
  EXPECT_EQ(EncodeToFront(frame).size(), kToFrontBytes);
  EXPECT_EQ(*DecodeToFront(EncodeToFront(frame)), frame);
}

TEST(Frames, RefuseWhatIsNotOne) {
  const std::string good = EncodeToVault({ToVaultType::kRequest, "text"});
  struct Case {
    const char* name;
    size_t at;
    char byte;
  };
  for (const Case& c :
       {Case{"type 0", 0, 0}, Case{"type 6", 0, 6}, Case{"version", 1, 2},
        Case{"length too long", 2, '\x7f'}, Case{"length too short leaves bytes behind", 3, 3},
        Case{"bytes behind the payload", 4000, 1}}) {
    std::string bad = good;
    bad[c.at] = c.byte;
    EXPECT_FALSE(DecodeToVault(bad).ok()) << c.name;
  }
  EXPECT_FALSE(DecodeToVault(good.substr(1)).ok());
  EXPECT_FALSE(DecodeToVault(good + "x").ok());
  EXPECT_FALSE(DecodeHello(std::string(8, '\xff')).ok()) << "a number that does not fit";
}

TEST(Frames, AnyBytesDecodeToWhatEncodesToThem) {
  std::mt19937 random(7);
  int decoded = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(kToFrontBytes, '\0');
    const size_t noise = random() % 12;
    for (size_t at = 0; at < noise; ++at) bytes[at] = static_cast<char>(random() % 6);
    const auto frame = DecodeToFront(bytes);
    if (!frame.ok()) continue;
    ++decoded;
    EXPECT_EQ(EncodeToFront(*frame), bytes);
  }
  EXPECT_GT(decoded, 50);
}

TEST(PendingFrames, AreReadBackInOrder) {
  std::vector<Digest> hashes;
  for (int i = 0; i < 100; ++i) hashes.push_back(Sha256(std::string(1, static_cast<char>(i))));
  const std::vector<std::string> frames = PendingFrames(1234, hashes, "a head\n");
  ASSERT_EQ(frames.size(), (hashes.size() + kHashesOfFrame - 1) / kHashesOfFrame + 1);
  std::vector<Digest> read;
  for (size_t i = 0; i + 1 < frames.size(); ++i) {
    const auto frame = DecodeToFront(frames[i]);
    ASSERT_TRUE(frame.ok()) << frame.status();
    ASSERT_EQ(frame->type, ToFrontType::kPending);
    const auto pending = DecodePendingHashes(frame->payload);
    ASSERT_TRUE(pending.ok()) << pending.status();
    EXPECT_EQ(pending->first, 1234 + static_cast<int64_t>(read.size()));
    read.insert(read.end(), pending->hashes.begin(), pending->hashes.end());
  }
  EXPECT_EQ(read, hashes);
  EXPECT_EQ(*DecodeToFront(frames.back()), (ToFrontFrame{ToFrontType::kHead, "a head\n"}));
}

TEST(PendingFrames, RefuseHalfAHash) {
  for (const size_t size : {0, 8, 9, 39, 41, 71}) {
    EXPECT_FALSE(DecodePendingHashes(std::string(size, 'x')).ok()) << size;
  }
  EXPECT_TRUE(DecodePendingHashes(std::string(7, '\0') + std::string(33, 'x')).ok());
}

TEST(CheckpointFrames, HoldAHeadOfAnyLength) {
  for (const size_t size :
       {size_t{0}, size_t{1}, kToFrontPayload, kToFrontPayload + 1, 3 * kToFrontPayload}) {
    const std::string note(size, 'n');
    std::string read;
    for (const std::string& bytes : CheckpointFrames(note)) {
      const auto frame = DecodeToFront(bytes);
      ASSERT_TRUE(frame.ok()) << frame.status();
      EXPECT_EQ(frame->type, ToFrontType::kCheckpoint);
      read += frame->payload;
    }
    EXPECT_EQ(read, note);
  }
}

TEST(HandOver, IsReadBackWhole) {
  const std::vector<std::string> entries = {std::string(512, 'a'), std::string(4096, 'b'),
                                            std::string(512, 'c')};
  const std::vector<std::string> frames = HandOver(9, 41, entries, "note\n");
  std::vector<std::string> read;
  std::string note;
  for (size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(frames[i].size(), kToFrontBytes);
    const auto frame = DecodeToFront(frames[i]);
    ASSERT_TRUE(frame.ok());
    if (i == 0) {
      EXPECT_EQ(frame->type, ToFrontType::kOpen);
      EXPECT_EQ(*DecodeRound(frame->payload), 9);
    }
    if (frame->type == ToFrontType::kEntry) {
      const auto piece = DecodeEntryPiece(frame->payload);
      ASSERT_TRUE(piece.ok());
      if (piece->offset == 0) read.emplace_back();
      EXPECT_EQ(piece->index, 41 + static_cast<int64_t>(read.size()) - 1);
      EXPECT_EQ(piece->offset, read.back().size());
      read.back() += piece->bytes;
    }
    if (frame->type == ToFrontType::kCheckpoint) note = frame->payload;
  }
  EXPECT_EQ(read, entries);
  EXPECT_EQ(note, "note\n");
  EXPECT_EQ(DecodeToFront(frames.back())->type, ToFrontType::kDone);
}

}  // namespace
}  // namespace pinhole::pipe
