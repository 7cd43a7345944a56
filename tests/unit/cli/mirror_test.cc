#include "client/cli/mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"
#include "tests/unit/cli/fake_server.h"
#include "tests/unit/cli/memory_entries.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::AllEntries;
using ::pinhole::testing::DemoPolicy;
using ::pinhole::testing::FakeServer;
using ::pinhole::testing::LedgerBuilder;
using ::testing::HasSubstr;

// START, DATASET, POLICY, one round with a team, and one a round from there on.
LedgerBuilder Ledger(int rounds, std::string_view team = "red") {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(DemoPolicy());
  ledger.Join(team);
  for (int i = 0; i < rounds; ++i) ledger.Round();
  return ledger;
}

FakeServer ServerOf(const LedgerBuilder& ledger) {
  FakeServer server;
  server.entries = ledger.entries();
  server.checkpoint = ledger.Checkpoint();
  return server;
}

class MirrorTest : public ::testing::Test {
 protected:
  MirrorTest() : folder_(*TempDir::Make()), log_(*NoteVerifier::FromVkey(LedgerBuilder().Vkey())) {}

  Mirror Open() {
    absl::StatusOr<Mirror> mirror = Mirror::Open(folder_.path(), log_);
    EXPECT_TRUE(mirror.ok()) << mirror.status();
    return *std::move(mirror);
  }
  // A mirror that has seen `ledger`, opened anew from disk.
  Mirror After(const LedgerBuilder& ledger) {
    FakeServer server = ServerOf(ledger);
    Mirror mirror = Open();
    EXPECT_TRUE(mirror.Sync(server).ok());
    return Open();
  }
  void ExpectAlarm(const absl::Status& status, const char* says) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(says));
  }
  int EvidenceCount() const {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
      count += file.path().filename().string().starts_with("contradiction-") ? 1 : 0;
    }
    return count;
  }

  TempDir folder_;
  NoteVerifier log_;
};

TEST_F(MirrorTest, GrowsAndIsThereAgain) {
  const LedgerBuilder small = Ledger(2);
  EXPECT_EQ(After(small).size(), small.state().size());
  const LedgerBuilder large = Ledger(5);
  FakeServer server = ServerOf(large);
  Mirror mirror = Open();
  EXPECT_EQ(*mirror.Sync(server), 3);
  EXPECT_EQ(*mirror.Sync(server), 0);
  const Mirror again = Open();
  EXPECT_EQ(*AllEntries(**again.Entries()), large.entries());
  EXPECT_EQ(again.checkpoint(), large.Checkpoint());
  EXPECT_EQ(again.state().Root(), large.state().Root());
}

TEST_F(MirrorTest, GoingBackIsAnAlarm) {
  Mirror mirror = After(Ledger(5));
  FakeServer server = ServerOf(Ledger(2));
  ExpectAlarm(mirror.Sync(server).status(), "the ledger WENT BACK");
  EXPECT_EQ(EvidenceCount(), 1);
  EXPECT_EQ(Open().size(), Ledger(5).state().size());
}

TEST_F(MirrorTest, TwoLedgersOfOneSizeAreASplitView) {
  Mirror mirror = After(Ledger(3, "red"));
  FakeServer server = ServerOf(Ledger(3, "blue"));
  ExpectAlarm(mirror.Sync(server).status(), "SPLIT VIEW");
  EXPECT_EQ(EvidenceCount(), 1);
}

TEST_F(MirrorTest, AnotherPastUnderANewHeadIsASplitView) {
  Mirror mirror = After(Ledger(3, "red"));
  FakeServer server = ServerOf(Ledger(6, "blue"));
  // Entry 3 is the TEAM entry: the first that differs.
  ExpectAlarm(mirror.Sync(server).status(), "another entry 3");
  EXPECT_EQ(mirror.size(), Ledger(3).state().size());
}

TEST_F(MirrorTest, ATamperedEntryIsNoticed) {
  const LedgerBuilder ledger = Ledger(3);
  for (size_t i = 0; i < ledger.entries().size(); ++i) {
    FakeServer server = ServerOf(ledger);
    server.entries[i][server.entries[i].size() / 3] ^= 1;
    Mirror mirror = Open();
    ExpectAlarm(mirror.Sync(server).status(), "LEDGER NOT VERIFIED");
    EXPECT_EQ(mirror.size(), 0) << i;
  }
}

TEST_F(MirrorTest, AnEntryThatFollowsTheRulesButNotTheRootIsNoticed) {
  FakeServer server = ServerOf(Ledger(3, "red"));
  server.entries[3] = Ledger(0, "blue").entries()[3];
  Mirror mirror = Open();
  ExpectAlarm(mirror.Sync(server).status(), "LEDGER NOT VERIFIED");
}

TEST_F(MirrorTest, AWithheldEntryIsNoticed) {
  FakeServer server = ServerOf(Ledger(3));
  server.entries.pop_back();
  Mirror mirror = Open();
  ExpectAlarm(mirror.Sync(server).status(), "is withheld");
}

TEST_F(MirrorTest, AHeadByAnotherKeyIsRefused) {
  const NoteSigner other =
      *NoteSigner::Create("vault.example/test", ::pinhole::testing::TestKey(9));
  const LedgerBuilder ledger = Ledger(3);
  FakeServer server = ServerOf(ledger);
  server.checkpoint = *SignCheckpoint({.origin = "vault.example/test",
                                       .size = ledger.entries().size(),
                                       .root = ledger.state().Root()},
                                      other);
  Mirror mirror = Open();
  ExpectAlarm(mirror.Sync(server).status(), "not signed by the pinned key");
}

TEST_F(MirrorTest, ADamagedCopyOnDiskIsNotBelieved) {
  const LedgerBuilder ledger = Ledger(3);
  After(ledger);
  const std::string path = folder_.path() + "/entries";
  std::string bytes = *ReadFile(path);
  bytes[100] ^= 1;
  ASSERT_TRUE(WriteFileDurably(path, bytes, 0600).ok());
  ExpectAlarm(Mirror::Open(folder_.path(), log_).status(), "is damaged");
}

TEST_F(MirrorTest, AGrowthThatWasCutShortIsDropped) {
  After(Ledger(3));
  const std::string path = folder_.path() + "/entries";
  // What a crash before the new checkpoint leaves: more entries, the last one torn.
  ASSERT_TRUE(WriteFileDurably(path, *ReadFile(path) + std::string("\2\0torn", 6), 0600).ok());
  FakeServer server = ServerOf(Ledger(5));
  Mirror mirror = Open();
  EXPECT_EQ(*mirror.Sync(server), 2);
  EXPECT_EQ(*AllEntries(**Open().Entries()), Ledger(5).entries());
}

TEST_F(MirrorTest, TwoCommandsGrowOneCopy) {
  Mirror first = After(Ledger(2));
  Mirror second = Open();
  FakeServer near = ServerOf(Ledger(4));
  FakeServer far = ServerOf(Ledger(6));
  EXPECT_TRUE(first.Sync(far).ok());
  EXPECT_TRUE(second.Sync(near).ok());
  EXPECT_EQ(Open().size(), Ledger(6).state().size()) << "the longer one stays";
  EXPECT_TRUE(second.Sync(far).ok());
  EXPECT_EQ(*AllEntries(**Open().Entries()), Ledger(6).entries());
}

TEST_F(MirrorTest, TwoCommandsThatWereShownDifferentLedgersNotice) {
  Mirror first = After(Ledger(2));
  Mirror second = Open();
  LedgerBuilder one = Ledger(2);
  one.Join("blue");
  one.Round();
  LedgerBuilder other = Ledger(2);
  other.Join("green");
  other.Round();
  FakeServer server = ServerOf(one);
  EXPECT_TRUE(first.Sync(server).ok());
  server = ServerOf(other);
  ExpectAlarm(second.Sync(server).status(), "another command was shown another entry");
}

TEST_F(MirrorTest, AnotherPastThatAnotherCommandWasShownIsNoticed) {
  Mirror first = After(Ledger(2, "red"));
  std::filesystem::remove(folder_.path() + "/checkpoint");
  Mirror second = Open();
  FakeServer server = ServerOf(Ledger(3, "blue"));
  EXPECT_TRUE(second.Sync(server).ok());
  const LedgerBuilder longer = Ledger(4, "red");
  EntrySpool fresh = *first.MakeSpool();
  for (size_t i = Ledger(2).entries().size(); i < longer.entries().size(); ++i) {
    ASSERT_TRUE(fresh.Append(longer.entries()[i]).ok());
  }
  ExpectAlarm(first.Grow(std::move(fresh), longer.Checkpoint()),
              "another command was shown another ledger");
  server = ServerOf(longer);
  ExpectAlarm(first.Sync(server).status(), "SPLIT VIEW");
}

TEST_F(MirrorTest, ACopyThatWasRemovedMeanwhileIsSaid) {
  Mirror mirror = After(Ledger(2));
  std::filesystem::remove(folder_.path() + "/checkpoint");
  FakeServer server = ServerOf(Ledger(3));
  const absl::Status status = mirror.Sync(server).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(*Open().Sync(server), static_cast<int64_t>(Ledger(3).entries().size()));
}

TEST_F(MirrorTest, LengthsThatNoEntryHasAreNoticed) {
  for (const size_t bytes : {size_t{0}, size_t{65'536}}) {
    FakeServer server = ServerOf(Ledger(3));
    server.entries[4].assign(bytes, 'x');
    Mirror mirror = Open();
    ExpectAlarm(mirror.Sync(server).status(), "LEDGER NOT VERIFIED");
    EXPECT_EQ(mirror.size(), 0);
  }
}

}  // namespace
}  // namespace pinhole::cli
