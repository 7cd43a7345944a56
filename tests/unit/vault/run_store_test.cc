// How runs ended is kept, and cannot be told from how much the database holds.
#include "server/vault/run_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_format.h"
#include "server/storage/migration.h"
#include "server/system/temp_dir.h"
#include "server/vault/migrations.h"

namespace pinhole::vault {
namespace {

constexpr int kRuns = 120;

pipe::SubmitRequest RequestOf(int run) {
  pipe::SubmitRequest request{.contest = "demo"};
  request.program = Sha256(absl::StrFormat("%d", run));
  return request;
}

void AddRuns(storage::Database& database, RunStore& runs, int count) {
  for (int i = 0; i < count; ++i) {
    storage::Transaction transaction = *storage::Transaction::Begin(database);
    ASSERT_TRUE(runs.Add(transaction, i, {.offset = 4096 * i}, RequestOf(i)).ok());
    ASSERT_TRUE(transaction.CommitUnlogged().ok());
  }
}

storage::Database MakeDatabase(const std::string& path) {
  storage::Database database = *storage::Database::Open(path, storage::Mode::kCreate);
  EXPECT_TRUE(storage::ApplyMigrations(database, Migrations()).ok());
  return database;
}

// Fills a database with runs that all ended like this, the i-th with the order's i-th admission,
// and closes it.
void Fill(const std::string& path, const RunEvidence& evidence, int step) {
  storage::Database database = MakeDatabase(path);
  RunStore runs = *RunStore::Open(database);
  AddRuns(database, runs, kRuns);
  for (int i = 0; i < kRuns; ++i) {
    const absl::Status committed =
        runs.Commit({.contest = "demo", .admit = i * step % kRuns, .evidence = evidence});
    ASSERT_TRUE(committed.ok()) << committed;
  }
}

int64_t BytesAfter(const RunEvidence& evidence, int step = 1) {
  const TempDir folder = *TempDir::Make();
  Fill(folder.path() + "/vault.db", evidence, step);
  return static_cast<int64_t>(std::filesystem::file_size(folder.path() + "/vault.db"));
}

TEST(RunStore, TheDatabaseIsAsLargeHoweverRunsEnded) {
  const int64_t least = BytesAfter({.outcome = sandbox::Outcome::kExited});
  EXPECT_GT(least, kRuns * 700);
  const struct {
    const char* name;
    RunEvidence evidence;
  } cases[] = {
      {"everything large",
       {.outcome = sandbox::Outcome::kForbiddenCall,
        .exit_code = 255,
        .signal = 31,
        .wall_micros = int64_t{1} << 55,
        .cpu_micros = int64_t{1} << 45,
        .peak_memory_bytes = INT64_MAX,
        .output_bytes = int64_t{1} << 40}},
      {"negative",
       {.outcome = sandbox::Outcome::kWallLimit,
        .exit_code = -1,
        .signal = -200,
        .wall_micros = INT64_MIN}},
      {"every width",
       {.outcome = sandbox::Outcome::kExited,
        .exit_code = 127,
        .signal = 128,
        .wall_micros = 32'768,
        .cpu_micros = 8'388'608,
        .peak_memory_bytes = int64_t{1} << 31,
        .output_bytes = int64_t{1} << 47}},
  };
  for (const auto& c : cases) EXPECT_EQ(BytesAfter(c.evidence), least) << c.name;
  for (const int step : {119, 7, 101}) EXPECT_EQ(BytesAfter({}, step), least) << step;
}

TEST(RunStore, KnowsAgainWhatRunsItHas) {
  const TempDir folder = *TempDir::Make();
  storage::Database database = MakeDatabase(folder.path() + "/vault.db");
  Answer answer{'L', 1};
  {
    RunStore runs = *RunStore::Open(database);
    AddRuns(database, runs, 3);
    ASSERT_TRUE(runs.Commit({.contest = "demo", .admit = 1, .answer = answer}).ok());
    EXPECT_TRUE(absl::IsAlreadyExists(runs.Commit({.contest = "demo", .admit = 1})));
  }
  RunStore runs = *RunStore::Open(database);
  EXPECT_EQ(runs.FindAnswer(1), answer);
  EXPECT_EQ(runs.FindAnswer(0), std::nullopt);
  EXPECT_EQ(*runs.Unfinished(), (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(*runs.Slot(2), (PredictionSlot{.container = 0, .offset = 8192}));
  EXPECT_EQ(*runs.Containers(), std::set<int64_t>{0});
  EXPECT_TRUE(*runs.Contains(RequestOf(2)));
  EXPECT_FALSE(*runs.Contains(RequestOf(3)));
  EXPECT_TRUE(absl::IsAlreadyExists(runs.Commit({.contest = "demo", .admit = 1})));
}

// The same run twice in the chain, or one that nobody admitted, is no evidence.
TEST(RunStore, RefusesEvidenceThatCannotBe) {
  for (const int64_t admit : {1, 5}) {
    const TempDir folder = *TempDir::Make();
    storage::Database database = MakeDatabase(folder.path() + "/vault.db");
    {
      RunStore runs = *RunStore::Open(database);
      AddRuns(database, runs, 3);
      ASSERT_TRUE(runs.Commit({.contest = "demo", .admit = 1}).ok());
    }
    EvidenceChain chain = *EvidenceChain::Open(database);
    storage::Transaction transaction = *storage::Transaction::Begin(database);
    ASSERT_TRUE(chain.Append(transaction, RunRecord{.contest = "demo", .admit = admit}).ok());
    ASSERT_TRUE(transaction.CommitUnlogged().ok());
    EXPECT_TRUE(absl::IsDataLoss(RunStore::Open(database).status())) << admit;
  }
}

// A database of the build before the chain: its runs' ends stand in their rows.
TEST(RunStore, KeepsTheEndsThatAnEarlierBuildRecorded) {
  const TempDir folder = *TempDir::Make();
  storage::Database database =
      *storage::Database::Open(folder.path() + "/vault.db", storage::Mode::kCreate);
  ASSERT_TRUE(storage::ApplyMigrations(database, std::span(Migrations()).first(3)).ok());
  {
    storage::Transaction transaction = *storage::Transaction::Begin(database);
    ASSERT_TRUE(database
                    .Execute("INSERT INTO run (admit, contest, team_key, policy, program, answer) "
                             "VALUES (4, 'demo', x'00', x'00', x'00', x'4c01000500050000'), "
                             "(6, 'demo', x'00', x'00', x'01', NULL)")
                    .ok());
    ASSERT_TRUE(transaction.CommitUnlogged().ok());
  }
  ASSERT_TRUE(storage::ApplyMigrations(database, Migrations()).ok());
  RunStore runs = *RunStore::Open(database);
  EXPECT_EQ(runs.FindAnswer(4), (Answer{'L', 1, 0, 5, 0, 5, 0, 0}));
  EXPECT_EQ(*runs.Unfinished(), std::vector<int64_t>{6});
  EXPECT_EQ(*runs.Slot(4), (PredictionSlot{.container = 4, .offset = 0}));
  EXPECT_TRUE(runs.Commit({.contest = "demo", .admit = 6}).ok());
  EXPECT_TRUE(RunStore::Open(database).ok());
}

}  // namespace
}  // namespace pinhole::vault
