// A recording of the pipe holds nothing but the ledger: whole exchanges hold, and every changed
// byte, frame and order is found.
#include "server/core/pipe/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/pipe/frames.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::pipe {
namespace {

using ::testing::HasSubstr;

// A ledger in memory; the one that is asked for breaks, if one is named.
class MemoryLedger final : public RecordedLedger {
 public:
  explicit MemoryLedger(const std::vector<std::string>& entries, int64_t broken = -1)
      : entries_(entries), broken_(broken) {
    for (const std::string& entry : entries) tree_.Append(LeafHash(entry));
  }
  int64_t size() const override { return static_cast<int64_t>(entries_.size()); }
  absl::StatusOr<std::string_view> Entry(int64_t index) override {
    if (asked_++ >= size() && index == broken_) return absl::DataLossError("a bad disk");
    return entries_[static_cast<size_t>(index)];
  }
  absl::StatusOr<Digest> Node(int level, uint64_t index) override {
    return tree_.Reader()(level, index);
  }

 private:
  const std::vector<std::string>& entries_;
  MerkleTree tree_;
  int64_t broken_;
  int64_t asked_ = 0;  // the first reading is whole
};

// Gives `bytes` in pieces of that length.
RecordingSource InPieces(std::string_view bytes, size_t length) {
  return [bytes, length]() mutable -> absl::StatusOr<std::string_view> {
    const std::string_view piece = bytes.substr(0, length);
    bytes.remove_prefix(piece.size());
    return piece;
  };
}

absl::StatusOr<RecordingFacts> CheckBytes(std::string_view bytes,
                                          const std::vector<std::string>& entries,
                                          const NoteVerifier& log) {
  MemoryLedger ledger(entries);
  return CheckRecording(InPieces(bytes, 5000), ledger, log);
}

class RecordingTest : public ::testing::Test {
 protected:
  RecordingTest() {
    ledger_.Start();
    ledger_.Dataset();
    ledger_.OpenContest(testing::DemoPolicy());
    Exchange(0);
    ledger_.Join("red");
    ledger_.EndRound();
    Exchange(1);
    ledger_.Admit("red", 20);
    ledger_.EndRound();
    Exchange(2);
    ledger_.Round();
    Exchange(3);
  }

  // Hands over what came since the last exchange.
  void Exchange(int64_t round) {
    const std::vector<std::string> fresh(ledger_.entries().begin() + handed_,
                                         ledger_.entries().end());
    for (std::string& frame : HandOver(round, handed_, fresh, ledger_.Checkpoint())) {
      frames_.push_back(std::move(frame));
    }
    handed_ = static_cast<int64_t>(ledger_.entries().size());
  }
  absl::StatusOr<RecordingFacts> Check(const std::vector<std::string>& frames) const {
    return CheckBytes(absl::StrJoin(frames, ""), ledger_.entries(),
                      *NoteVerifier::FromVkey(ledger_.Vkey()));
  }

  testing::LedgerBuilder ledger_;
  int64_t handed_ = 0;
  std::vector<std::string> frames_;
};

TEST_F(RecordingTest, WholeExchangesHold) {
  const auto facts = Check(frames_);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->frames, static_cast<int64_t>(frames_.size()));
  EXPECT_EQ(facts->exchanges, 4);
  EXPECT_EQ(facts->heads, 4);
  EXPECT_EQ(facts->entries, handed_);
}

TEST_F(RecordingTest, PiecesOfAnyLengthAreOneRecording) {
  const std::string bytes = absl::StrJoin(frames_, "");
  const NoteVerifier log = *NoteVerifier::FromVkey(ledger_.Vkey());
  for (const size_t length : {size_t{1}, kToFrontBytes - 1, kToFrontBytes, bytes.size()}) {
    MemoryLedger ledger(ledger_.entries());
    const auto facts = CheckRecording(InPieces(bytes, length), ledger, log);
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_EQ(facts->frames, static_cast<int64_t>(frames_.size()));
  }
}

// A disk that fails is no accusation.
TEST_F(RecordingTest, WhatCannotBeReadIsNoVerdict) {
  const std::string bytes = absl::StrJoin(frames_, "");
  const NoteVerifier log = *NoteVerifier::FromVkey(ledger_.Vkey());
  MemoryLedger broken(ledger_.entries(), 2);
  const absl::Status of_ledger =
      CheckRecording(InPieces(bytes, bytes.size()), broken, log).status();
  EXPECT_TRUE(absl::IsInternal(of_ledger)) << of_ledger;
  EXPECT_THAT(std::string(of_ledger.message()), HasSubstr("a bad disk"));
  MemoryLedger ledger(ledger_.entries());
  const RecordingSource torn = [] { return absl::DataLossError("a bad recording"); };
  const absl::Status of_recording = CheckRecording(torn, ledger, log).status();
  EXPECT_TRUE(absl::IsInternal(of_recording)) << of_recording;
}

TEST_F(RecordingTest, AConnectionMayEndAnywhere) {
  const std::string bytes = absl::StrJoin(frames_, "");
  for (size_t cut = 0; cut <= bytes.size(); cut += 100) {
    EXPECT_TRUE(CheckBytes(std::string_view(bytes).substr(0, cut), ledger_.entries(),
                           *NoteVerifier::FromVkey(ledger_.Vkey()))
                    .ok())
        << cut;
  }
}

TEST_F(RecordingTest, EveryChangedByteIsFound) {
  const std::string bytes = absl::StrJoin(frames_, "");
  const NoteVerifier log = *NoteVerifier::FromVkey(ledger_.Vkey());
  size_t held = 0;
  for (size_t i = 0; i < bytes.size(); i += 7) {  // every place of a frame, over its kinds
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    if (CheckBytes(changed, ledger_.entries(), log).ok()) ++held;
  }
  EXPECT_EQ(held, 0u);
}

TEST_F(RecordingTest, EveryFrameLeftOutDoubledOrMovedIsFound) {
  for (size_t i = 0; i + 1 < frames_.size(); ++i) {
    std::vector<std::string> changed = frames_;
    changed.erase(changed.begin() + static_cast<ptrdiff_t>(i));
    const bool opens_or_begins = DecodeToFront(frames_[i])->type == ToFrontType::kEntry;
    // Without an exchange's first entries the rest is what a longer mirror is handed.
    if (!opens_or_begins) {
      EXPECT_FALSE(Check(changed).ok()) << "without " << i;
    }
    changed = frames_;
    changed.insert(changed.begin() + static_cast<ptrdiff_t>(i), std::string(frames_[i]));
    const bool opens = DecodeToFront(frames_[i])->type == ToFrontType::kOpen;
    // An exchange whose front did not answer is opened and nothing more.
    EXPECT_EQ(Check(changed).ok(), opens) << "twice " << i;
    changed = frames_;
    std::swap(changed[i], changed[i + 1]);
    EXPECT_FALSE(Check(changed).ok()) << "moved " << i;
  }
}

TEST_F(RecordingTest, WhatIsNotOfTheLedgerIsNamed) {
  testing::LedgerBuilder other;
  other.Start(9);
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = frames_;
    for (std::string& frame : more) all.push_back(std::move(frame));
    return std::string(Check(all).status().message());
  };
  const int64_t size = handed_;
  EXPECT_THAT(with(HandOver(0, size, {other.entries()[0]}, ledger_.Checkpoint())),
              HasSubstr("another entry than the next"));
  EXPECT_THAT(with(HandOver(0, 0, {other.entries()[0]}, ledger_.Checkpoint())),
              HasSubstr("other bytes than the entry"));
  EXPECT_THAT(with(HandOver(0, size, {}, other.Checkpoint())), HasSubstr("head of other entries"));
  EXPECT_THAT(with(HandOver(4711, size, {}, ledger_.Checkpoint())), HasSubstr("never was"));
  const std::string two_signatures =
      ledger_.Checkpoint() + "— somebody " + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
  EXPECT_THAT(with(HandOver(0, size, {}, two_signatures)), HasSubstr("other signatures"));
  EXPECT_EQ(with(HandOver(0, size, {}, ledger_.Checkpoint())), "");
}

// A ledger whose heads wait for two of three witnesses: what is sent before they cosigned, and
// after.
class WitnessedRecordingTest : public ::testing::Test {
 protected:
  WitnessedRecordingTest() {
    contest::Policy policy = testing::DemoPolicy();
    testing::AskWitnesses(policy, 3, 2);
    ledger_.Start();
    ledger_.Dataset();
    Exchange(0, ledger_.Checkpoint());
    ledger_.OpenContest(policy);
    ledger_.Join("red");
    ledger_.EndRound();
    Ask(1);
    Exchange(1, Cosigned({1, 3}));
    ledger_.Admit("red", 20);
    ledger_.EndRound();
    Ask(2);
    // The quorum is missing: the old head again.
    Append(HandOver(2, handed_, {}, Cosigned({1, 3}, handed_)));
    ledger_.Round();
    Ask(3);
    Exchange(3, Cosigned({3, 2}));
  }

  void Append(std::vector<std::string> frames) {
    // An exchange is opened once, by the first that is sent in it.
    if (asked_) frames.erase(frames.begin());
    asked_ = false;
    for (std::string& frame : frames) frames_.push_back(std::move(frame));
  }
  void Ask(int64_t round) {
    std::vector<Digest> hashes;
    for (size_t i = static_cast<size_t>(handed_); i < ledger_.entries().size(); ++i)
      hashes.push_back(LeafHash(ledger_.entries()[i]));
    frames_.push_back(EncodeToFront({ToFrontType::kOpen, EncodeRound(round)}));
    for (std::string& frame : PendingFrames(handed_, hashes, ledger_.Checkpoint()))
      frames_.push_back(std::move(frame));
    asked_ = true;
  }
  void Exchange(int64_t round, const std::string& head) {
    const std::vector<std::string> fresh(ledger_.entries().begin() + handed_,
                                         ledger_.entries().end());
    Append(HandOver(round, handed_, fresh, head));
    handed_ = static_cast<int64_t>(ledger_.entries().size());
  }
  // The head of the first `size` entries, all of them by default.
  std::string Cosigned(const std::vector<int>& witnesses, int64_t size = -1) const {
    MerkleFrontier tree;
    for (const std::string& entry : ledger_.entries()) {
      if (static_cast<int64_t>(tree.size()) != size) tree.Append(LeafHash(entry));
    }
    const NoteVerifier log = *NoteVerifier::FromVkey(ledger_.Vkey());
    const Checkpoint checkpoint{log.name(), tree.size(), tree.Root()};
    std::string note =
        *SignCheckpoint(checkpoint, *NoteSigner::Create(log.name(), testing::TestKey(3)));
    for (const int n : witnesses)
      note += testing::TestWitness(n).Cosign(FormatCheckpoint(checkpoint), 1'700'000'000);
    return note;
  }
  std::string With(std::vector<std::string> more) const {
    std::vector<std::string> all = frames_;
    for (std::string& frame : more) all.push_back(std::move(frame));
    return Check(all);
  }
  std::string Check(const std::vector<std::string>& frames) const {
    return std::string(CheckBytes(absl::StrJoin(frames, ""), ledger_.entries(),
                                  *NoteVerifier::FromVkey(ledger_.Vkey()))
                           .status()
                           .message());
  }

  testing::LedgerBuilder ledger_;
  int64_t handed_ = 0;
  bool asked_ = false;
  std::vector<std::string> frames_;
};

TEST_F(WitnessedRecordingTest, HoldsHashesHeadsAndQuorums) { EXPECT_EQ(Check(frames_), ""); }

TEST_F(WitnessedRecordingTest, EveryChangedByteIsFound) {
  const std::string bytes = absl::StrJoin(frames_, "");
  const NoteVerifier log = *NoteVerifier::FromVkey(ledger_.Vkey());
  for (size_t i = 0; i < bytes.size(); i += 5) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(CheckBytes(changed, ledger_.entries(), log).ok()) << i;
  }
}

TEST_F(WitnessedRecordingTest, AHeadWithoutItsQuorumIsNamed) {
  const int64_t size = handed_;
  const auto handed = [&](const std::string& head) { return With(HandOver(0, size, {}, head)); };
  EXPECT_THAT(handed(Cosigned({})), HasSubstr("other signatures than its ledger's and a quorum"));
  EXPECT_THAT(handed(Cosigned({1})), HasSubstr("other signatures"));
  EXPECT_THAT(handed(Cosigned({1, 2, 3})), HasSubstr("other signatures"));
  EXPECT_THAT(handed(Cosigned({1, 4})), HasSubstr("other signatures"));
  EXPECT_THAT(handed(Cosigned({1, 1})), HasSubstr("other signatures"));
  // A quorum, but not the one that was handed over with this head before.
  EXPECT_THAT(handed(Cosigned({1, 2})), HasSubstr("handed over with other signatures"));
  EXPECT_EQ(handed(Cosigned({3, 2})), "");
}

TEST_F(WitnessedRecordingTest, HashesThatAreNoEntrysAreNamed) {
  const auto asked = [&](int64_t first, std::vector<Digest> hashes, const std::string& head) {
    std::vector<std::string> frames = {EncodeToFront({ToFrontType::kOpen, EncodeRound(0)})};
    for (std::string& frame : PendingFrames(first, hashes, head))
      frames.push_back(std::move(frame));
    return With(std::move(frames));
  };
  const int64_t last = handed_ - 1;
  const Digest leaf = LeafHash(ledger_.entries().back());
  EXPECT_EQ(asked(last, {leaf}, ledger_.Checkpoint()), "");
  EXPECT_THAT(asked(last, {Sha256("a secret")}, ledger_.Checkpoint()), HasSubstr("no entry's"));
  EXPECT_THAT(asked(last, {leaf, leaf}, ledger_.Checkpoint()), HasSubstr("no entry's"));
  EXPECT_THAT(asked(last - 1, {LeafHash(ledger_.entries()[static_cast<size_t>(last - 1)])},
                    ledger_.Checkpoint()),
              HasSubstr("other entries than those that wait"));
  EXPECT_THAT(asked(last, {leaf}, Cosigned({1})), HasSubstr("more than its signature"));
}

}  // namespace
}  // namespace pinhole::pipe
