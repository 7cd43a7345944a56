// Room for predictions is taken for a whole exchange, and a scorer's stream is one run's alone.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "server/storage/migration.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "server/vault/migrations.h"
#include "server/vault/prediction_feed.h"
#include "server/vault/prediction_room.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::vault {
namespace {

constexpr int64_t kSlot = 10'000;  // no multiple of a block

class Predictions : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(MakeDirectory(layout_.private_directory(), 0700).ok());
    ASSERT_TRUE(MakeDirectory(layout_.evidence(), 0700).ok());
  }
  struct stat Look(int64_t container) const {
    struct stat found {};
    EXPECT_EQ(::stat(layout_.predictions(container).c_str(), &found), 0) << container;
    return found;
  }
  size_t Files() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& file :
         std::filesystem::directory_iterator(layout_.evidence())) {
      ++count;
    }
    return count;
  }

  TempDir folder_ = *TempDir::Make();
  Layout layout_{folder_.path()};
};

TEST_F(Predictions, OfAnExchangeShareAFile) {
  PredictionRoom room(layout_, 0);
  EXPECT_EQ(*room.Take(12, kSlot, 5), (PredictionSlot{.container = 12, .offset = 0}));
  EXPECT_EQ(*room.Take(13, kSlot, 4), (PredictionSlot{.container = 12, .offset = kSlot}));
  EXPECT_EQ(*room.Take(15, kSlot, 2), (PredictionSlot{.container = 12, .offset = 2 * kSlot}));
  EXPECT_EQ(Look(12).st_size, 5 * kSlot);
  ASSERT_TRUE(room.Finish().ok());
  EXPECT_EQ(Look(12).st_size, 3 * kSlot);
  EXPECT_GE(Look(12).st_blocks * 512, 3 * kSlot);
  EXPECT_LT(Look(12).st_blocks * 512, 4 * kSlot);
  EXPECT_EQ(Look(12).st_mode & 0777, 0600U);
  EXPECT_EQ(Files(), 1U);
}

TEST_F(Predictions, ThatNobodyNeedsTakeNoFile) {
  PredictionRoom room(layout_, 0);
  ASSERT_TRUE(room.Finish().ok());
  EXPECT_EQ(Files(), 0U);
}

TEST_F(Predictions, ReplaceWhatAFailedExchangeLeft) {
  ASSERT_TRUE(WriteFileDurably(layout_.predictions(3), std::string(50'000, 'x'), 0600).ok());
  PredictionRoom room(layout_, 0);
  ASSERT_TRUE(room.Take(3, kSlot, 1).ok());
  ASSERT_TRUE(room.Finish().ok());
  EXPECT_EQ(*ReadFile(layout_.predictions(3)), std::string(kSlot, '\0'));
}

TEST_F(Predictions, LeaveTheDiskWhatItHasToKeep) {
  // Other programs use the same disk, so only what cannot be missed is said.
  const int64_t free = *FreeBytes(layout_.evidence());
  PredictionRoom none(layout_, free);
  EXPECT_TRUE(absl::IsResourceExhausted(none.Take(1, free, 1).status()));
  ASSERT_TRUE(none.Finish().ok());
  EXPECT_EQ(Files(), 0U);
  // Room for a part of them: so many are taken, and the next is refused.
  constexpr int64_t kLarge = int64_t{16} << 20;
  PredictionRoom some(layout_, free - 100 * kLarge);
  ASSERT_TRUE(some.Take(1, kLarge, 1000).ok());
  EXPECT_LE(Look(1).st_size, 110 * kLarge);
  EXPECT_GT(Look(1).st_size, 10 * kLarge);
  int taken = 1;
  while (taken < 1000 && some.Take(1 + taken, kLarge, 1000).ok()) ++taken;
  EXPECT_LT(taken, 120);
  ASSERT_TRUE(some.Finish().ok());
  EXPECT_EQ(Look(1).st_size, taken * kLarge);
}

// What a crash of the machine took, or a backup does not hold, is there again before the first run.
TEST_F(Predictions, RoomOfWaitingRunsIsMadeAnew) {
  testing::LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  builder.OpenContest(testing::DemoPolicy());
  builder.Release();
  builder.Join("ada");
  builder.EndRound();
  builder.Release();
  const std::vector<int64_t> admits = {builder.Admit("ada", 5), builder.Admit("ada", 6)};
  builder.EndRound();
  const int64_t bytes = builder.contest().policy.policy.limits.output_bytes;
  storage::Database database = *storage::Database::Open(layout_.database(), storage::Mode::kCreate);
  ASSERT_TRUE(storage::ApplyMigrations(database, Migrations()).ok());
  RunStore runs = *RunStore::Open(database);
  {
    storage::Transaction transaction = *storage::Transaction::Begin(database);
    ASSERT_TRUE(runs.Add(transaction, admits[0], {.container = admits[0]}, {.contest = "a"}).ok());
    ASSERT_TRUE(runs.Add(transaction, admits[1], {.container = admits[0], .offset = bytes},
                         {.contest = "b"})
                    .ok());
    ASSERT_TRUE(transaction.CommitUnlogged().ok());
  }
  ASSERT_TRUE(WriteFileDurably(layout_.evidence() + "/77.predictions", "x", 0600).ok());
  ASSERT_TRUE(WriteFileDurably(layout_.evidence() + "/probe", "x", 0600).ok());
  EXPECT_EQ(*StrayPredictions(layout_, runs), (std::set<std::string>{"77.predictions", "probe"}));
  ASSERT_TRUE(EnsurePredictionRoom(layout_, builder.state(), runs).ok());
  EXPECT_EQ(Look(admits[0]).st_size, 2 * bytes);
  EXPECT_GE(Look(admits[0]).st_blocks * 512, 2 * bytes);
  // What is there stays.
  ASSERT_TRUE(WriteFileDurably(layout_.predictions(admits[0]), "kept", 0600).ok());
  ASSERT_TRUE(EnsurePredictionRoom(layout_, builder.state(), runs).ok());
  EXPECT_EQ(ReadFile(layout_.predictions(admits[0]))->substr(0, 5), std::string("kept\0", 5));
  // A run that ended needs none.
  for (const int64_t admit : admits)
    ASSERT_TRUE(runs.Commit({.contest = "demo", .admit = admit}).ok());
  ::unlink(layout_.predictions(admits[0]).c_str());
  ASSERT_TRUE(EnsurePredictionRoom(layout_, builder.state(), runs).ok());
  EXPECT_EQ(Files(), 2U);
}

std::string ReadAll(int fd) {
  std::string all;
  std::array<char, 5000> block;
  while (true) {
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got <= 0) return all;
    all.append(block.data(), static_cast<size_t>(got));
  }
}

TEST_F(Predictions, ReachTheirScorerAndNoOthersDo) {
  const std::string path = layout_.predictions(1);
  const std::string own(300'000, 'o');  // more than a pipe holds
  ASSERT_TRUE(
      WriteFileDurably(path, std::string(5000, 'a') + own + std::string(5000, 'b'), 0600).ok());
  const UniqueFd file = *OpenForRead(path);
  for (const int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{300'000}}) {
    PredictionFeed feed = *PredictionFeed::Start(file.get(), 5000, bytes);
    const sandbox::UniqueFd reader = feed.TakeReader();
    EXPECT_EQ(ReadAll(reader.get()), own.substr(0, static_cast<size_t>(bytes)));
  }
  // A file that is shorter than it should be.
  {
    PredictionFeed feed = *PredictionFeed::Start(file.get(), 305'000, 1 << 20);
    const sandbox::UniqueFd reader = feed.TakeReader();
    EXPECT_EQ(ReadAll(reader.get()), std::string(5000, 'b'));
  }
  // A scorer that ends early leaves nobody waiting, and kills nobody.
  {
    PredictionFeed feed = *PredictionFeed::Start(file.get(), 5000, 300'000);
    sandbox::UniqueFd reader = feed.TakeReader();
    char first = 0;
    EXPECT_EQ(::read(reader.get(), &first, 1), 1);
    reader.Reset();
  }
}

}  // namespace
}  // namespace pinhole::vault
