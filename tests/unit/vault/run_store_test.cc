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

constexpr int kRuns = 300;

// Fills a database with runs that all ended like this, and closes it.
void Fill(const std::string& path, const RunEvidence& evidence) {
  storage::Database database = *storage::Database::Open(path, storage::Mode::kCreate);
  ASSERT_TRUE(storage::ApplyMigrations(database, Migrations()).ok());
  RunStore runs(database);
  for (int i = 0; i < kRuns; ++i) {
    storage::Transaction transaction = *storage::Transaction::Begin(database);
    pipe::SubmitRequest request{.contest = "demo"};
    request.program = Sha256(absl::StrFormat("%d", i));
    ASSERT_TRUE(runs.Add(transaction, i, request).ok());
    ASSERT_TRUE(transaction.CommitUnlogged().ok());
  }
  for (int i = 0; i < kRuns; ++i) {
    const absl::Status committed = runs.CommitAnswer(i, Answer{}, evidence);
    ASSERT_TRUE(committed.ok()) << committed;
  }
}

int64_t BytesAfter(const RunEvidence& evidence) {
  const TempDir folder = *TempDir::Make();
  Fill(folder.path() + "/vault.db", evidence);
  return static_cast<int64_t>(std::filesystem::file_size(folder.path() + "/vault.db"));
}

TEST(RunStore, TheDatabaseIsAsLargeHoweverRunsEnded) {
  const int64_t least = BytesAfter({.outcome = "exited"});
  EXPECT_GT(least, kRuns * 200);
  const struct {
    const char* name;
    RunEvidence evidence;
  } cases[] = {
      {"everything large",
       {.outcome = "killed-for-memory-or-the-like",
        .exit_code = 255,
        .signal = 31,
        .wall_micros = int64_t{1} << 55,
        .cpu_micros = int64_t{1} << 45,
        .peak_memory_bytes = INT64_MAX,
        .output_bytes = int64_t{1} << 40}},
      {"negative", {.outcome = "x", .exit_code = -1, .signal = -200, .wall_micros = INT64_MIN}},
      {"every width",
       {.outcome = "exited",
        .exit_code = 127,
        .signal = 128,
        .wall_micros = 32'768,
        .cpu_micros = 8'388'608,
        .peak_memory_bytes = int64_t{1} << 31,
        .output_bytes = int64_t{1} << 47}},
  };
  for (const auto& c : cases) EXPECT_EQ(BytesAfter(c.evidence), least) << c.name;
}

}  // namespace
}  // namespace pinhole::vault
