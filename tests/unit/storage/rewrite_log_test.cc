// What a process left in the log when it ended is durable before anybody reads on: it is written
// again and synced, first of all.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "server/storage/backup.h"
#include "server/system/files.h"
#include "tests/unit/storage/storage_fixture.h"

namespace pinhole::storage {
namespace {

// What was done to logs and databases, in order, by a VFS that stands before SQLite's own.
struct Seen {
  std::vector<std::string> calls;  // "log write OFFSET SIZE", "log sync", "database write"
  bool fail_sync = false;          // of the log
} seen;

// A database has other methods than its log.
struct Methods {
  sqlite3_io_methods real;
  sqlite3_io_methods seen;
};
Methods log_methods;
Methods database_methods;

int WriteLog(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  seen.calls.push_back("log write " + std::to_string(offset) + " " + std::to_string(size));
  return log_methods.real.xWrite(file, bytes, size, offset);
}

int SyncLog(sqlite3_file* file, int flags) {
  seen.calls.emplace_back("log sync");
  return seen.fail_sync ? SQLITE_IOERR_FSYNC : log_methods.real.xSync(file, flags);
}

int WriteDatabase(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  seen.calls.emplace_back("database write");
  return database_methods.real.xWrite(file, bytes, size, offset);
}

int OpenSeen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* const real = static_cast<sqlite3_vfs*>(vfs->pAppData);
  const int code = real->xOpen(real, name, file, flags, out_flags);
  if (code != SQLITE_OK) return code;
  if ((flags & SQLITE_OPEN_WAL) != 0) {
    log_methods = {.real = *file->pMethods, .seen = *file->pMethods};
    log_methods.seen.xWrite = WriteLog;
    log_methods.seen.xSync = SyncLog;
    file->pMethods = &log_methods.seen;
  } else if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    database_methods = {.real = *file->pMethods, .seen = *file->pMethods};
    database_methods.seen.xWrite = WriteDatabase;
    file->pMethods = &database_methods.seen;
  }
  return code;
}

class RewriteLogTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    // A process that commits and ends without a word: its log stays.
    const pid_t child = ::fork();
    if (child == 0) {
      Database database = Open(Mode::kCreate);
      const bool done =
          Apply(database,
                "CREATE TABLE t(x INTEGER) STRICT; INSERT INTO t VALUES(42);"
                "CREATE TABLE large(b BLOB) STRICT; INSERT INTO large VALUES(zeroblob(400000))")
              .ok();
      ::_exit(done && !HasFailure() ? 0 : 1);
    }
    int end = -1;
    ASSERT_EQ(::waitpid(child, &end, 0), child);
    ASSERT_EQ(end, 0);
    log_ = *ReadFile(path_ + "-wal");
    ASSERT_GT(log_.size(), 400'000U);  // more than SQLite writes at once

    seen = {};
    vfs_ = *sqlite3_vfs_find(nullptr);
    vfs_.pAppData = sqlite3_vfs_find(nullptr);
    vfs_.zName = "seen";
    vfs_.xOpen = OpenSeen;
    ASSERT_EQ(sqlite3_vfs_register(&vfs_, 1), SQLITE_OK);
  }
  void TearDown() override { sqlite3_vfs_unregister(&vfs_); }

  // Whether all of the log was written again and synced before anything else was.
  void ExpectRewritten() const {
    std::vector<std::string> wanted;
    for (size_t at = 0; at < log_.size(); at += 65'536) {
      wanted.push_back("log write " + std::to_string(at) + " " +
                       std::to_string(std::min<size_t>(65'536, log_.size() - at)));
    }
    wanted.emplace_back("log sync");
    ASSERT_GE(seen.calls.size(), wanted.size());
    EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), seen.calls.begin()));
  }

  std::string log_;

 private:
  sqlite3_vfs vfs_;
};

TEST_F(RewriteLogTest, OpeningWritesALogAgainBeforeAnythingElse) {
  Database database = Open(Mode::kExisting);
  ExpectRewritten();
  EXPECT_EQ(*ReadFile(path_ + "-wal"), log_);
  EXPECT_EQ(One(database, "SELECT x FROM t"), 42);
}

TEST_F(RewriteLogTest, BesideAnotherConnectionToo) {
  Database first = Open(Mode::kExisting);
  seen.calls.clear();
  Database second = Open(Mode::kOpenOrCreate);
  ExpectRewritten();
  ASSERT_TRUE(Apply(first, "INSERT INTO t VALUES(43)").ok());
  EXPECT_EQ(One(second, "SELECT sum(x) FROM t"), 85);
}

TEST_F(RewriteLogTest, ACopyIsOfWhatIsDurable) {
  ASSERT_TRUE(CopyDatabase(path_, dir_->path() + "/copy.db").ok());
  ExpectRewritten();
}

// Nothing is built on a log that cannot be made durable: it stays, and the database as it was.
TEST_F(RewriteLogTest, WithoutASyncNothingIsOpened) {
  seen.fail_sync = true;
  const std::string before = *ReadFile(path_);
  for (const Mode mode : {Mode::kExisting, Mode::kOpenOrCreate}) {
    const absl::Status status = Database::Open(path_, mode).status();
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    EXPECT_NE(status.message().find("make its log durable"), std::string::npos) << status;
  }
  EXPECT_EQ(*ReadFile(path_ + "-wal"), log_);
  EXPECT_EQ(*ReadFile(path_), before);
  EXPECT_EQ(std::count(seen.calls.begin(), seen.calls.end(), "database write"), 0);
  seen.fail_sync = false;
  Database database = Open(Mode::kExisting);
  EXPECT_EQ(One(database, "SELECT x FROM t"), 42);
}

TEST_F(RewriteLogTest, WithoutALogNothingIsWritten) {
  { Open(Mode::kExisting); }  // its end moves the log into the file
  ASSERT_FALSE(std::filesystem::exists(path_ + "-wal"));
  seen.calls.clear();
  Database database = Open(Mode::kExisting);
  EXPECT_TRUE(seen.calls.empty());
}

}  // namespace
}  // namespace pinhole::storage
