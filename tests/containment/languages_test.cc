// Models in several languages run in a box as they are: threads, files of the view, scratch, SQLite
// opened plainly.
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sandbox/explain.h"
#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

constexpr int kRows = 10'000;
constexpr const char* kSum = "49995000\n";  // of 0 to 9999

void WriteDatabase(const std::string& path) {
  std::filesystem::remove(path);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(
      sqlite3_exec(database,
                   "CREATE TABLE train (\"group\" INTEGER, value INTEGER) STRICT;"
                   "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
                   "INSERT INTO train SELECT i % 97, i FROM n",
                   nullptr, nullptr, nullptr),
      SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

class LanguagesTest : public LaneTest {
 protected:
  void SetUp() override {
    LaneTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    {
      std::ofstream numbers(view_path() + "/numbers.txt");
      for (int row = 0; row < kRows; ++row) numbers << row << "\n";
    }
    WriteDatabase(view_path() + "/contest.db");
    for (const char* name : {"/numbers.txt", "/contest.db"}) {
      const std::string path = view_path() + name;
      ASSERT_EQ(chown(path.c_str(), 0, kViewGid), 0);
      ASSERT_EQ(chmod(path.c_str(), 0640), 0);
    }
  }

  static void ExpectTheSum(const char* model) {
    const std::string path = ProgramPath(model);
    if (!std::filesystem::exists(path)) {
      SKIP_OR_FAIL(std::string("no compiler for ") + model +
                   " was there when the tests were built");
    }
    for (const Diagnostics diagnostics : {Diagnostics::kSealed, Diagnostics::kRehearsal}) {
      BoxSpec spec;
      spec.diagnostics = diagnostics;
      spec.threads = 16;
      absl::StatusOr<Seen> seen = RunProgram(SharedLane(), ReadFile(path), spec);
      ASSERT_TRUE(seen.ok()) << seen.status();
      EXPECT_EQ(OutcomeName(seen->report.outcome), "exited") << Explain(seen->report, spec);
      EXPECT_EQ(seen->report.exit_code, 0) << seen->diagnostics;
      EXPECT_EQ(seen->output, kSum);
    }
  }
};

TEST_F(LanguagesTest, CplusplusWithThreads) { ExpectTheSum("model_threads"); }
TEST_F(LanguagesTest, Sqlite) { ExpectTheSum("model_database"); }
TEST_F(LanguagesTest, Rust) { ExpectTheSum("model_rust"); }
TEST_F(LanguagesTest, Go) { ExpectTheSum("model_go"); }

}  // namespace
}  // namespace pinhole::sandbox
