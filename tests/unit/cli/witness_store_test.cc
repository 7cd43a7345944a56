// A witness's memory: what it signed is durable before anyone can hold the signature, whatever
// fails and however many ask at once.
#include "client/cli/witness_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <barrier>
#include <filesystem>
#include <thread>
#include <vector>

#include "server/core/log/checkpoint.h"
#include "server/system/temp_dir.h"
#include "tests/support/failing_disk.h"
#include "tests/unit/cli/witness_world.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::FailedWrite;
using ::pinhole::testing::FillDisk;
using ::pinhole::testing::Fullness;
using ::pinhole::testing::LedgerBuilder;
using ::pinhole::testing::LedgerOf;
using ::pinhole::testing::NewWitness;
using ::pinhole::testing::RepairDisk;
using ::pinhole::testing::RequestOf;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000;

class WitnessStoreTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  WitnessVerdict Ask(const LedgerBuilder& ledger, uint64_t old_size) const {
    const auto answer = WitnessStore::Open(Path("w"))->Add(RequestOf(ledger, old_size), kNow, {});
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->verdict : WitnessVerdict::kMalformed;
  }

  TempDir folder_ = *TempDir::Make();
};

TEST_F(WitnessStoreTest, SignsWhatFollowsAndRemembersIt) {
  LedgerBuilder ledger = LedgerOf();
  const WitnessStore made = NewWitness(Path("w"));
  EXPECT_TRUE(absl::IsNotFound(made.CosignedCheckpoint().status()));
  const auto first = made.Add(RequestOf(ledger, 0), kNow, {});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->verdict, WitnessVerdict::kCosign) << first->reason;
  const auto found =
      VerifyCosignatures(ledger.Checkpoint() + first->signature, {&made.verifier(), 1});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ::testing::ElementsAre(Cosignature{made.verifier().name(), kNow}));
  EXPECT_EQ(*made.CosignedCheckpoint(), ledger.Checkpoint() + first->signature);

  ledger.Round();
  const auto opened = WitnessStore::Open(Path("w") + "/");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->verifier().ToVkey(), made.verifier().ToVkey());
  const auto stale = opened->Add(RequestOf(ledger, 0), kNow, {});
  EXPECT_EQ(stale->verdict, WitnessVerdict::kConflict);
  EXPECT_EQ(stale->last_size, 3U);
  EXPECT_EQ(opened->Add(RequestOf(ledger, 3), kNow, {})->verdict, WitnessVerdict::kCosign);
}

TEST_F(WitnessStoreTest, NeverGoesBack) {
  NewWitness(Path("w"));
  const LedgerBuilder before = LedgerOf();
  LedgerBuilder after = LedgerOf();
  after.Round();
  ASSERT_EQ(Ask(after, 0), WitnessVerdict::kCosign);
  EXPECT_EQ(Ask(before, 0), WitnessVerdict::kConflict);
  EXPECT_EQ(Ask(before, 3), WitnessVerdict::kConflict);
  std::string lied = RequestOf(before, 3);
  lied.replace(0, 5, "old 4");
  EXPECT_EQ(WitnessStore::Open(Path("w"))->Add(lied, kNow, {})->verdict,
            WitnessVerdict::kMalformed);
}

TEST_F(WitnessStoreTest, KeepsTheFirstHeadThatDoesNotFollow) {
  NewWitness(Path("w"));
  const LedgerBuilder one = LedgerOf(20);
  LedgerBuilder other = LedgerOf(19);
  ASSERT_EQ(Ask(one, 0), WitnessVerdict::kCosign);
  EXPECT_EQ(Ask(other, 0), WitnessVerdict::kConflict);
  EXPECT_FALSE(std::filesystem::exists(Path("w/evidence")));
  const auto split = WitnessStore::Open(Path("w"))->Add(RequestOf(other, 3), kNow, {});
  EXPECT_EQ(split->verdict, WitnessVerdict::kConflict);
  EXPECT_FALSE(split->last_size.has_value());
  EXPECT_THAT(split->reason, HasSubstr("ANOTHER LEDGER"));
  EXPECT_EQ(*ReadFile(Path("w/evidence")), RequestOf(other, 3));
  other.Round();
  EXPECT_EQ(Ask(other, 3), WitnessVerdict::kInconsistent);
  EXPECT_EQ(*ReadFile(Path("w/evidence")), RequestOf(LedgerOf(19), 3));
}

// Two histories under one key, three witnesses, in every order of asking: a quorum of two cannot
// come to be for both.
TEST_F(WitnessStoreTest, NoQuorumForTwoHistories) {
  const LedgerBuilder histories[] = {LedgerOf(20), LedgerOf(19)};
  for (int order = 0; order < 8; ++order) {
    int signatures[2] = {0, 0};
    for (int witness = 0; witness < 3; ++witness) {
      const std::string path = Path(std::to_string(order) + "-" + std::to_string(witness));
      const WitnessStore store = NewWitness(path, static_cast<uint8_t>(50 + witness));
      const int first = order >> witness & 1;
      for (const int which : {first, 1 - first}) {
        for (const uint64_t old_size : {0U, 3U}) {
          const auto answer = store.Add(RequestOf(histories[which], old_size), kNow, {});
          if (answer->verdict == WitnessVerdict::kCosign) {
            ++signatures[which];
            break;
          }
        }
      }
    }
    EXPECT_EQ(signatures[0] + signatures[1], 3) << order;
  }
}

// The disk fails at the n-th write, for good as in a crash, or once: afterwards one of two rivals
// can be signed and the other cannot, and an answer that did leave is not forgotten.
TEST_F(WitnessStoreTest, ACrashAnywhereNeverSignsTwoHeads) {
  const LedgerBuilder one = LedgerOf(20);
  const LedgerBuilder rival = LedgerOf(19);
  const std::string request = RequestOf(one, 0);
  int failures = 0;
  bool moved_without_answer = false;
  for (const Fullness fullness : {Fullness::kForGood, Fullness::kOnce}) {
    for (int fail_at = 1; true; ++fail_at) {
      std::filesystem::remove_all(Path("w"));
      const WitnessStore store = NewWitness(Path("w"));
      FillDisk(folder_.path(), fail_at, fullness);
      const auto answer = store.Add(request, kNow, {});
      RepairDisk();
      if (FailedWrite().empty()) {
        ASSERT_TRUE(answer.ok()) << answer.status();
        break;
      }
      ++failures;
      const bool answered = answer.ok();
      const bool moved = Ask(rival, 0) == WitnessVerdict::kConflict;
      EXPECT_TRUE(moved || !answered) << FailedWrite();
      moved_without_answer |= moved && !answered;
      EXPECT_EQ(Ask(rival, 3) == WitnessVerdict::kCosign, !moved) << FailedWrite();
      EXPECT_EQ(Ask(one, 3) == WitnessVerdict::kCosign, moved) << FailedWrite();
    }
  }
  EXPECT_GE(failures, 4);
  EXPECT_TRUE(moved_without_answer);
}

TEST_F(WitnessStoreTest, OfManyWhoAskAtOnceOneHistoryIsSigned) {
  const std::string requests[] = {RequestOf(LedgerOf(20), 0), RequestOf(LedgerOf(19), 0)};
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove_all(Path("w"));
    const WitnessStore shared = NewWitness(Path("w"));
    constexpr int kThreads = 6;
    std::atomic<int> signed_heads = 0;
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        // Half of them are another process as far as files tell.
        const auto own = WitnessStore::Open(Path("w"));
        start.arrive_and_wait();
        const auto answer = (i < 3 ? shared : *own).Add(requests[i % 2], kNow, {});
        if (answer.ok() && answer->verdict == WitnessVerdict::kCosign) ++signed_heads;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(signed_heads, 1);
  }
}

TEST_F(WitnessStoreTest, AnAuditingKeySignsNothingUnaudited) {
  const WitnessStore store = NewWitness(Path("w"), 50, WitnessKind::kAuditing);
  const std::string request = RequestOf(LedgerOf(), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(store.Add(request, kNow, {}).status()));
  const auto opened = WitnessStore::Open(Path("w"));
  EXPECT_TRUE(absl::IsFailedPrecondition(opened->Add(request, kNow, {}).status()));
  const auto refused = opened->Add(
      request, kNow, [](std::string_view) { return absl::DataLossError("entry 2 breaks a rule"); });
  EXPECT_EQ(refused->verdict, WitnessVerdict::kInconsistent);
  EXPECT_THAT(refused->reason, HasSubstr("entry 2 breaks a rule"));
  EXPECT_TRUE(absl::IsUnavailable(
      opened->Add(request, kNow, [](std::string_view) { return absl::UnavailableError("later"); })
          .status()));
  EXPECT_EQ(*ReadFile(Path("w/head")), FormatWitnessedHead({}));
  const auto accepted =
      opened->Add(request, kNow, [](std::string_view) { return absl::OkStatus(); });
  EXPECT_EQ(accepted->verdict, WitnessVerdict::kCosign);
}

TEST_F(WitnessStoreTest, TimeNeverGoesBack) {
  const WitnessStore store = NewWitness(Path("w"));
  const LedgerBuilder ledger = LedgerOf();
  ASSERT_TRUE(store.Add(RequestOf(ledger, 0), kNow, {}).ok());
  ASSERT_TRUE(store.Add(RequestOf(ledger, 3), kNow - 500, {}).ok());
  const auto found = VerifyCosignatures(*store.CosignedCheckpoint(), {&store.verifier(), 1});
  EXPECT_EQ(found->front().unix_seconds, kNow);
}

TEST_F(WitnessStoreTest, AWitnessThatForgotDoesNotSign) {
  const std::string request = RequestOf(LedgerOf(), 0);
  for (const char* const name : {"head", "name", "log.vkey"}) {
    std::filesystem::remove_all(Path("w"));
    const WitnessStore store = NewWitness(Path("w"));
    std::filesystem::remove(Path("w") + "/" + name);
    EXPECT_EQ(WitnessStore::Open(Path("w")).status().code(), absl::StatusCode::kDataLoss) << name;
  }
  std::filesystem::remove_all(Path("w"));
  const WitnessStore store = NewWitness(Path("w"));
  std::filesystem::remove(Path("w/head"));
  EXPECT_EQ(store.Add(request, kNow, {}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(WitnessStoreTest, TheKeyIsItsOwners) {
  NewWitness(Path("w"));
  struct stat status {};
  ASSERT_EQ(::stat(Path("w/key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(Path("w").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  ASSERT_EQ(::chmod(Path("w/key").c_str(), 0644), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(WitnessStore::Open(Path("w")).status()));
}

}  // namespace
}  // namespace pinhole::cli
