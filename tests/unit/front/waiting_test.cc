// A whole front before a vault that holds entries back: heads go out to witnesses, and what they
// signed comes back in the same exchange or in the next.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "server/front/folder.h"
#include "server/publish/static_ledger.h"
#include "server/system/descriptor_io.h"
#include "server/system/file_watch.h"
#include "server/system/files.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Folder { kNo, kYes };

class WaitingTest : public FrontTest {
 protected:
  explicit WaitingTest(Folder folder = Folder::kYes) {
    Exchange();  // a front that was never connected to leaves its connection in the vault's queue
    StopFront();
    const std::string path = front_folder_ + "/pinholed.toml";
    Config config = ParseConfig(ReadFile(path).value()).value();
    if (folder == Folder::kYes) config.witness_folder = "witness";
    EXPECT_TRUE(WriteFileDurably(path, FormatConfig(config).value(), 0600).ok());
    StartFront();
    vault_.NeedCosignatures(2);
  }

  std::string Witness() const { return front_folder_ + "/witness"; }
  // An exchange up to its hand-over: the batch, a ROUND, and the witnesses are asked.
  testing::FakeVault::Batch Begin() {
    EXPECT_TRUE(vault_.Open().ok());
    const auto batch = vault_.ReadBatch();
    EXPECT_TRUE(batch.ok()) << batch.status();
    vault_.EndRound(std::nullopt);
    EXPECT_TRUE(vault_.AskWitnesses().ok());
    return batch.ok() ? *batch : testing::FakeVault::Batch();
  }
  void AwaitHead() const {
    FileWatch watch = FileWatch::Open(Witness(), "checkpoint").value();
    const Deadline deadline = Deadline::After(absl::Seconds(60));
    while (true) {
      const auto note = ReadFile(Witness() + "/checkpoint");
      if (note.ok() && *note == vault_.ledger().Checkpoint()) return;
      ASSERT_TRUE(WaitReadable(watch.fd(), deadline).ok()) << "the head did not come";
      watch.Take().IgnoreError();
    }
  }
  // As two witnesses' answers are added by others.
  void Cosign(const std::vector<std::string>& lines) const {
    for (const std::string& line : lines) {
      ASSERT_TRUE(
          publish::CosignStaticLedger(
              Witness(), vault_.ledger().Checkpoint(),
              [&](const std::string& note) -> absl::StatusOr<std::string> { return note + line; })
              .ok());
    }
  }
  std::string Checkpoint() {
    const auto context = NewContext();
    v1::GetCheckpointResponse response;
    EXPECT_TRUE(audit_->GetCheckpoint(context.get(), {}, &response).ok());
    return response.checkpoint();
  }

  const std::string a_ = "— w.example/a AAAAAAAA\n";
  const std::string b_ = "— w.example/b AAAAAAAA\n";
};

TEST_F(WaitingTest, WhatIsCosignedInTimeLeavesInTheSameExchange) {
  for (int round = 0; round < 3; ++round) {
    const auto batch = Begin();
    EXPECT_THAT(batch.cosignatures, IsEmpty());
    AwaitHead();
    for (const std::string& line : {a_, b_}) {
      Cosign({line});
      EXPECT_EQ(vault_.TakeCosignature().value(), line);
    }
    ASSERT_TRUE(vault_.HandOverReleased(batch.mirror_size).ok());
    AwaitLedger();
    EXPECT_EQ(Checkpoint(), vault_.ledger().Checkpoint() + a_ + b_);
  }
  EXPECT_THAT(Log(), HasSubstr("<6>event=head-waits entries=1 ledger="));
}

TEST_F(WaitingTest, WhatIsCosignedLateLeavesInTheNextExchange) {
  const int64_t before = vault_.released();
  const std::string released_head = vault_.ledger().Checkpoint();
  auto batch = Begin();
  AwaitHead();
  ASSERT_TRUE(vault_.HandOverReleased(batch.mirror_size).ok());
  Cosign({a_, b_});
  // Over a restart, too: the lines stand in the folder.
  StopFront();
  StartFront();
  EXPECT_EQ(Checkpoint(), released_head);
  batch = Begin();
  EXPECT_EQ(batch.mirror_size, before);
  EXPECT_THAT(batch.cosignatures, ElementsAre(a_, b_));
  EXPECT_EQ(vault_.released(), before + 1);
  // The newest head goes on from entries that are released, and not handed over yet.
  AwaitHead();
  ASSERT_TRUE(vault_.HandOverReleased(batch.mirror_size).ok());
  AwaitEntries(before + 1);
  // Nothing was signed for the newest: nothing more leaves, however often it is asked.
  for (int round = 0; round < 3; ++round) {
    batch = Begin();
    EXPECT_EQ(batch.mirror_size, before + 1);
    EXPECT_THAT(batch.cosignatures, IsEmpty());
    AwaitHead();
    ASSERT_TRUE(vault_.HandOverReleased(batch.mirror_size).ok());
  }
  // Then all of it at once.
  batch = Begin();
  AwaitHead();
  Cosign({a_});
  EXPECT_EQ(vault_.TakeCosignature().value(), a_);
  Cosign({b_});
  EXPECT_EQ(vault_.TakeCosignature().value(), b_);
  ASSERT_TRUE(vault_.HandOverReleased(batch.mirror_size).ok());
  AwaitLedger();
}

class NoFolderTest : public WaitingTest {
 protected:
  NoFolderTest() : WaitingTest(Folder::kNo) {}
};

TEST_F(NoFolderTest, WithoutAFolderNothingLeavesAndTheOperatorIsTold) {
  const int64_t before = vault_.released();
  for (int round = 0; round < 3; ++round) {
    const auto batch = Begin();
    EXPECT_EQ(batch.mirror_size, before);
    ASSERT_TRUE(vault_.HandOverReleased(batch.mirror_size).ok());
  }
  StopFront();
  const std::string log = Log();
  const std::string event = "<4>event=no-witness-folder entries=1\n";
  ASSERT_THAT(log, HasSubstr(event));
  EXPECT_EQ(log.find("no-witness-folder"), log.rfind("no-witness-folder")) << "once";
}

}  // namespace
}  // namespace pinhole::front
