// Heads that wait, as a folder: grown by what the vault signs, cosigned by others, never set back.
#include "server/front/witness_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

#include "server/core/log/checkpoint.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::front {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LedgerBuilder;
using ::testing::Not;

constexpr char kLine[] = "— w.example/w AAAAAAAA\n";
constexpr char kOtherLine[] = "— w.example/x AAAAAAAA\n";

// Valid ledgers that differ in `tries` alone are equal in their first two entries.
LedgerBuilder LedgerOf(int rounds, int tries = 20) {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  contest::Policy policy = testing::DemoPolicy();
  policy.release.tries = tries;
  policy.rounds.count = 1000;
  ledger.OpenContest(policy);
  for (int i = 0; i < rounds; ++i) ledger.EndRound();
  return ledger;
}

std::string Sign(const Checkpoint& head, uint8_t key = 3) {
  return *SignCheckpoint(head, *NoteSigner::Create("vault.example/test", testing::TestKey(key)));
}

// What the vault says when only the first `released` entries may leave.
WaitingHead WaitingOf(const LedgerBuilder& ledger, int64_t released) {
  WaitingHead head{.first = released, .note = ledger.Checkpoint()};
  for (size_t i = static_cast<size_t>(released); i < ledger.entries().size(); ++i) {
    head.hashes.push_back(LeafHash(ledger.entries()[i]));
  }
  return head;
}

class WitnessFolderTest : public ::testing::Test {
 protected:
  void Open(const std::string& name = "witness") {
    auto opened = WitnessFolder::Open(Path(name), mirror_, log_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    folder_ = *std::move(opened);
  }
  std::string Path(const std::string& name) const { return temp_.path() + "/" + name; }
  void MirrorUpTo(const LedgerBuilder& ledger) {
    const std::vector<std::string>& all = ledger.entries();
    auto extension = mirror_.Check(mirror_.size(), {all.begin() + mirror_.size(), all.end()},
                                   ledger.Checkpoint());
    ASSERT_TRUE(extension.ok()) << extension.status();
    mirror_.Publish(*std::move(extension));
  }
  absl::Status Show(const LedgerBuilder& ledger, int64_t released) {
    return folder_->Show(WaitingOf(ledger, released));
  }
  // As a witness's answer is added by others.
  void Cosign(const LedgerBuilder& ledger, const std::string& line) const {
    const absl::Status cosigned = publish::CosignStaticLedger(
        Path("witness"), ledger.Checkpoint(),
        [&](const std::string& note) -> absl::StatusOr<std::string> { return note + line; });
    ASSERT_TRUE(cosigned.ok()) << cosigned;
  }
  bool Readable() const {
    pollfd entry{.fd = folder_->changes_fd(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 1;
  }
  std::string Standing() const { return *ReadFile(Path("witness") + "/checkpoint"); }
  std::string Log() const { return *ReadFile(Path("log")); }

  TempDir temp_ = *TempDir::Make();
  UniqueFd log_fd_ = *CreateForWrite(temp_.path() + "/log", 0600);
  FrontLog log_{EventLog(log_fd_.get(), EventLog::Style::kJournal)};
  Mirror mirror_{*NoteVerifier::FromVkey(LedgerOf(0).Vkey())};
  std::unique_ptr<WitnessFolder> folder_;
};

TEST_F(WitnessFolderTest, HoldsHashesUnderTheHeadAndNoEntry) {
  MirrorUpTo(LedgerOf(1));
  Open();
  EXPECT_THAT(folder_->Cosignatures(), IsEmpty());
  for (const int rounds : {2, 300, 600}) {
    const LedgerBuilder ledger = LedgerOf(rounds);
    ASSERT_TRUE(Show(ledger, 4).ok());
    EXPECT_EQ(Standing(), ledger.Checkpoint());
    const auto hashes = publish::ReadStaticHashes(Path("witness"), mirror_.log());
    ASSERT_TRUE(hashes.ok()) << hashes.status();
    EXPECT_EQ(RootOf(hashes->leaves), ledger.state().Root());
  }
  EXPECT_FALSE(std::filesystem::exists(Path("witness") + "/tile/entries"));
  EXPECT_TRUE(std::filesystem::exists(Path("witness") + "/tile/1/000.p/2"));
  EXPECT_EQ(*ReadFile(Path("witness") + "/log.vkey"), mirror_.log().ToVkey() + "\n");
  EXPECT_EQ(Log(),
            "<6>event=head-waits entries=1 ledger=5\n<6>event=head-waits entries=299 ledger=303\n"
            "<6>event=head-waits entries=599 ledger=603\n");
}

TEST_F(WitnessFolderTest, GivesWhatOthersSignedWhileTheHeadWaits) {
  MirrorUpTo(LedgerOf(1));
  Open();
  ASSERT_TRUE(Show(LedgerOf(2), 4).ok());
  EXPECT_THAT(folder_->Cosignatures(), IsEmpty()) << "the ledger's own is none";
  Cosign(LedgerOf(2), kLine);
  Cosign(LedgerOf(2), kOtherLine);
  EXPECT_THAT(folder_->Cosignatures(), ElementsAre(kLine, kOtherLine));
  ASSERT_TRUE(Show(LedgerOf(2), 4).ok());
  EXPECT_THAT(folder_->Cosignatures(), ElementsAre(kLine, kOtherLine)) << "the same head again";
  ASSERT_TRUE(Show(LedgerOf(3), 4).ok());
  EXPECT_THAT(folder_->Cosignatures(), IsEmpty()) << "a larger head";
  Cosign(LedgerOf(3), kOtherLine);
  MirrorUpTo(LedgerOf(2));
  EXPECT_THAT(folder_->Cosignatures(), ElementsAre(kOtherLine)) << "one entry waits still";
  MirrorUpTo(LedgerOf(3));
  EXPECT_THAT(folder_->Cosignatures(), IsEmpty()) << "nothing waits";
}

TEST_F(WitnessFolderTest, IsToldOfEveryChange) {
  Open();
  ASSERT_TRUE(Show(LedgerOf(1), 0).ok());
  EXPECT_THAT(folder_->Cosignatures(), IsEmpty());
  EXPECT_FALSE(Readable());
  for (const char* const line : {kLine, kOtherLine}) {
    Cosign(LedgerOf(1), line);
    EXPECT_TRUE(Readable());
    folder_->Cosignatures();
    EXPECT_FALSE(Readable());
  }
}

TEST_F(WitnessFolderTest, KnowsAfterARestartWhatItShowed) {
  MirrorUpTo(LedgerOf(1));
  Open();
  ASSERT_TRUE(Show(LedgerOf(4), 4).ok());
  Cosign(LedgerOf(4), kLine);
  folder_.reset();
  Open();
  EXPECT_THAT(folder_->Cosignatures(), ElementsAre(kLine));
  // The vault released these meanwhile, and was not heard when it handed them over.
  ASSERT_TRUE(Show(LedgerOf(6), 7).ok());
  EXPECT_EQ(Standing(), LedgerOf(6).Checkpoint());
  // The mirror may go on without the folder, too.
  folder_.reset();
  MirrorUpTo(LedgerOf(9));
  Open();
  ASSERT_TRUE(Show(LedgerOf(10), 12).ok());
  EXPECT_EQ(Standing(), LedgerOf(10).Checkpoint());
}

TEST_F(WitnessFolderTest, LeavesAloneWhatDoesNotGoOnFromTheMirror) {
  MirrorUpTo(LedgerOf(3));
  Open();
  ASSERT_TRUE(Show(LedgerOf(4), 5).ok()) << "a vault that was set back, or repeats itself";
  ASSERT_TRUE(Show(LedgerOf(9), 8).ok()) << "the mirror lags";
  EXPECT_FALSE(std::filesystem::exists(Path("witness") + "/checkpoint"));
}

TEST_F(WitnessFolderTest, AHeadThatCannotBeTrueIsNotShown) {
  const LedgerBuilder shown = LedgerOf(3);
  MirrorUpTo(LedgerOf(1));
  struct Case {
    const char* name;
    WaitingHead head;
    const char* says;
  };
  const Checkpoint larger{"vault.example/test", 7, LedgerOf(4).state().Root()};
  const WaitingHead good = WaitingOf(LedgerOf(4), 4);
  WaitingHead other_key = good;
  other_key.note = Sign(larger, 9);
  WaitingHead other_size = good;
  other_size.hashes.pop_back();
  WaitingHead other_hash = good;
  other_hash.hashes.back()[0] ^= 1;
  WaitingHead other_known = good;
  other_known.note = WaitingOf(LedgerOf(4, 19), 4).note;
  const Case cases[] = {
      {"no note", {.first = 4, .hashes = good.hashes, .note = "x"}, "does not verify"},
      {"another key", other_key, "does not verify"},
      {"a hash is missing", other_size, "is of 7 entries, with hashes of 6"},
      {"another hash", other_hash, "root"},
      {"another history", other_known, "root"},
      {"another history of the same size", WaitingOf(LedgerOf(3, 19), 4), "root"},
      {"set back", WaitingOf(LedgerOf(2), 4), "is of 5 entries, and they were shown 6 before"},
  };
  Open();
  ASSERT_TRUE(Show(shown, 4).ok());
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const absl::Status status = folder_->Show(test.head);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.says));
    EXPECT_EQ(Standing(), shown.Checkpoint());
  }
  ASSERT_TRUE(folder_->Show(good).ok());
}

TEST_F(WitnessFolderTest, AnotherLedgerThanTheOneHandedOverIsNoticed) {
  Open();
  ASSERT_TRUE(Show(LedgerOf(3, 19), 0).ok());
  MirrorUpTo(LedgerOf(4));
  const absl::Status status = Show(LedgerOf(5), 7);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("that witnesses were shown"));
  folder_.reset();
  const absl::Status opened = WitnessFolder::Open(Path("witness"), mirror_, log_).status();
  EXPECT_EQ(opened.code(), absl::StatusCode::kDataLoss) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr("witness_folder: "));
}

TEST_F(WitnessFolderTest, AFolderWithOtherHashesIsRefused) {
  Open();
  ASSERT_TRUE(Show(LedgerOf(3), 0).ok());
  const std::string tile = Path("witness") + "/tile/0/000.p/6";
  std::string bytes = *ReadFile(tile);
  bytes[40] ^= 1;
  ASSERT_TRUE(WriteFileDurably(tile, bytes, 0644).ok());
  EXPECT_EQ(WitnessFolder::Open(Path("witness"), mirror_, log_).status().code(),
            absl::StatusCode::kDataLoss);
  std::filesystem::remove(tile);
  EXPECT_EQ(WitnessFolder::Open(Path("witness"), mirror_, log_).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(WitnessFolderTest, WhatGoesWrongWithTheFilesIsLoggedAndTriedAgain) {
  Open();
  ASSERT_TRUE(WriteFileDurably(Path("witness") + "/tile", "in the way", 0644).ok());
  ASSERT_TRUE(Show(LedgerOf(2), 0).ok());
  EXPECT_THAT(Log(), HasSubstr("<4>event=publish-failed folder=witness code="));
  EXPECT_THAT(folder_->Cosignatures(), IsEmpty());
  std::filesystem::remove(Path("witness") + "/tile");
  ASSERT_TRUE(Show(LedgerOf(2), 0).ok());
  EXPECT_EQ(Standing(), LedgerOf(2).Checkpoint());
  // Others may write what they like there: it is no cosignature.
  for (const std::string& text : {std::string("garbage"), LedgerOf(1).Checkpoint() + kLine,
                                  LedgerOf(2, 19).Checkpoint() + kLine}) {
    const size_t logged = Log().size();
    ASSERT_TRUE(WriteFileDurably(Path("witness") + "/checkpoint", text, 0644).ok());
    EXPECT_THAT(folder_->Cosignatures(), IsEmpty());
    EXPECT_THAT(Log().substr(logged), HasSubstr("publish-failed folder=witness"));
  }
  // Longer than a frame.
  ASSERT_TRUE(WriteFileDurably(Path("witness") + "/checkpoint",
                               LedgerOf(2).Checkpoint() + "— w.example/" + std::string(5000, 'w') +
                                   " AAAAAAAA\n" + kLine,
                               0644)
                  .ok());
  EXPECT_THAT(folder_->Cosignatures(), ElementsAre(kLine));
}

TEST_F(WitnessFolderTest, WithoutAFolderTheOperatorIsToldOnce) {
  NoWitnesses none(log_);
  for (int rounds : {1, 2}) ASSERT_TRUE(none.Show(WaitingOf(LedgerOf(rounds), 2)).ok());
  EXPECT_EQ(Log(), "<4>event=no-witness-folder entries=2\n");
  EXPECT_THAT(none.Cosignatures(), IsEmpty());
}

}  // namespace
}  // namespace pinhole::front
