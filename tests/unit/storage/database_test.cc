// How a database is opened, and what its statements do and refuse.
#include "server/storage/database.h"

#include <filesystem>
#include <limits>

#include "server/system/files.h"
#include "tests/unit/storage/storage_fixture.h"

namespace pinhole::storage {
namespace {

TEST_F(StorageTest, ModesDifferInWhatMustExist) {
  EXPECT_TRUE(absl::IsNotFound(Database::Open(path_, Mode::kExisting).status()));
  EXPECT_TRUE(absl::IsNotFound(Database::Open(path_, Mode::kReadOnlyImmutable).status()));
  EXPECT_FALSE(std::filesystem::exists(path_));
  Open(Mode::kCreate);
  EXPECT_TRUE(absl::IsAlreadyExists(Database::Open(path_, Mode::kCreate).status()));
  EXPECT_TRUE(absl::IsAlreadyExists(Database::Open(path_, Mode::kBuild).status()));
  Open(Mode::kExisting);
  Open(Mode::kOpenOrCreate);
  EXPECT_EQ(std::filesystem::status(path_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  OpenAt(dir_->path() + "/new.db", Mode::kOpenOrCreate);
}

TEST_F(StorageTest, RefusesNamesThatSqliteReadsInItsOwnWay) {
  for (const std::string name : {"", ":memory:", "file:x.db", "file::memory:?cache=shared"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Database::Open(name, Mode::kCreate).status())) << name;
  }
}

TEST_F(StorageTest, RefusesAFileThatIsNoDatabase) {
  ASSERT_TRUE(WriteFileDurably(path_, std::string(4096, 'x'), 0600).ok());
  for (const Mode mode : {Mode::kExisting, Mode::kReadOnlyImmutable}) {
    const absl::Status status = Database::Open(path_, mode).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_NE(status.message().find(path_), std::string::npos) << status;
  }
}

TEST_F(StorageTest, WritesInWalModeAndBuildsInRollbackFormat) {
  Database wal = Open(Mode::kCreate);
  ASSERT_TRUE(Apply(wal, "CREATE TABLE t(x INTEGER) STRICT").ok());
  // Bytes 18 and 19 of the header: 2 is WAL, 1 is a rollback journal (SQLite file format, 1.3).
  EXPECT_EQ(ReadFile(path_)->substr(18, 2), "\2\2");

  const std::string built_path = dir_->path() + "/built #1?%.db";
  {
    Database built = OpenAt(built_path, Mode::kBuild);
    ASSERT_TRUE(Apply(built, "CREATE TABLE t(x INTEGER) STRICT; INSERT INTO t VALUES(42)").ok());
  }
  EXPECT_EQ(ReadFile(built_path)->substr(18, 2), "\1\1");
  EXPECT_FALSE(std::filesystem::exists(built_path + "-journal"));
  Database read = OpenAt(built_path, Mode::kReadOnlyImmutable);
  EXPECT_EQ(One(read, "SELECT x FROM t"), 42);
}

TEST_F(StorageTest, ImmutableCannotWrite) {
  { Open(Mode::kCreate); }
  Database database = Open(Mode::kReadOnlyImmutable);
  EXPECT_FALSE(Apply(database, "CREATE TABLE t(x INTEGER)").ok());
}

TEST_F(StorageTest, ValuesComeBackAsTheyWere) {
  Database database = Open(Mode::kCreate);
  ASSERT_TRUE(
      Apply(database, "CREATE TABLE t(i INTEGER, d REAL, s TEXT, b BLOB, n TEXT) STRICT").ok());
  const std::string text("quote ' zero \0 end", 18);
  const std::array<uint8_t, 3> blob = {0, 255, 7};
  absl::StatusOr<Transaction> transaction = Transaction::Begin(database);
  ASSERT_TRUE(transaction.ok());
  absl::StatusOr<Statement> insert = database.Prepare("INSERT INTO t VALUES(?1, ?2, ?3, ?4, ?5)");
  ASSERT_TRUE(insert.ok());
  ASSERT_TRUE(insert->BindInt64(1, std::numeric_limits<int64_t>::min())
                  .BindDouble(2, 0.1)
                  .BindText(3, text)
                  .BindBlob(4, blob)
                  .BindNull(5)
                  .Run()
                  .ok());
  EXPECT_EQ(database.changes(), 1);
  insert->Reset();
  ASSERT_TRUE(insert->BindText(3, {}).BindBlob(4, {}).Run().ok());
  EXPECT_EQ(database.last_insert_rowid(), 2);
  ASSERT_TRUE(transaction->CommitUnlogged().ok());

  absl::StatusOr<Statement> select = database.Prepare("SELECT * FROM t");
  ASSERT_TRUE(select.ok());
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Int64(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(select->Double(1), 0.1);
  EXPECT_EQ(select->Text(2), text);
  const absl::StatusOr<std::array<uint8_t, 3>> fixed = select->FixedBlob<3>(3);
  ASSERT_TRUE(fixed.ok());
  EXPECT_EQ(*fixed, blob);
  EXPECT_TRUE(absl::IsDataLoss(select->FixedBlob<4>(3).status()));
  EXPECT_TRUE(select->IsNull(4));
  ASSERT_TRUE(*select->Step());
  EXPECT_TRUE(select->IsNull(0));
  EXPECT_FALSE(select->IsNull(2)) << "an empty text is not NULL";
  EXPECT_FALSE(select->IsNull(3)) << "an empty blob is not NULL";
  EXPECT_FALSE(*select->Step());
}

struct Refusal {
  const char* name;
  const char* sql;
  absl::StatusCode code;
};

class Refused : public StorageTest, public testing::WithParamInterface<Refusal> {};

TEST_P(Refused, InsideATransaction) {
  Database database = Open(Mode::kCreate);
  ASSERT_TRUE(Apply(database,
                    "CREATE TABLE p(id INTEGER PRIMARY KEY, u TEXT UNIQUE, c INTEGER NOT NULL "
                    "CHECK(c < 5)) STRICT; CREATE TABLE k(p INTEGER REFERENCES p(id)) STRICT;"
                    "INSERT INTO p VALUES(1, 'a', 1)")
                  .ok());
  const absl::Status status = Apply(database, GetParam().sql);
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_EQ(One(database, "SELECT count(*) FROM p"), 1);
  EXPECT_EQ(One(database, "SELECT count(*) FROM k"), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    testing::Values(
        Refusal{"repeated_key", "INSERT INTO p VALUES(1, 'b', 1)",
                absl::StatusCode::kAlreadyExists},
        Refusal{"repeated_unique", "INSERT INTO p VALUES(2, 'a', 1)",
                absl::StatusCode::kAlreadyExists},
        Refusal{"check", "INSERT INTO p VALUES(2, 'b', 5)", absl::StatusCode::kFailedPrecondition},
        Refusal{"null", "INSERT INTO p VALUES(2, 'b', NULL)",
                absl::StatusCode::kFailedPrecondition},
        Refusal{"foreign_key", "INSERT INTO k VALUES(9)", absl::StatusCode::kFailedPrecondition},
        Refusal{"strict_type", "INSERT INTO p VALUES(2, 'b', 'text')",
                absl::StatusCode::kFailedPrecondition},
        Refusal{"commit", "INSERT INTO p VALUES(2, 'b', 1); COMMIT",
                absl::StatusCode::kPermissionDenied},
        Refusal{"end", "INSERT INTO p VALUES(2, 'b', 1); END", absl::StatusCode::kPermissionDenied},
        Refusal{"rollback", "ROLLBACK", absl::StatusCode::kPermissionDenied},
        Refusal{"savepoint", "SAVEPOINT s", absl::StatusCode::kPermissionDenied},
        Refusal{"attach", "ATTACH 'other.db' AS other", absl::StatusCode::kPermissionDenied},
        Refusal{"pragma", "PRAGMA synchronous=OFF", absl::StatusCode::kPermissionDenied},
        Refusal{"journal", "PRAGMA journal_mode=DELETE", absl::StatusCode::kPermissionDenied},
        Refusal{"writable_schema", "PRAGMA writable_schema=1", absl::StatusCode::kPermissionDenied},
        Refusal{"double_quoted_text", "INSERT INTO p VALUES(2, \"b\", 1)",
                absl::StatusCode::kInternal},
        Refusal{"syntax", "INSERT INTO", absl::StatusCode::kInternal}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(StorageTest, NothingIsWrittenOutsideATransaction) {
  Database database = Open(Mode::kCreate);
  EXPECT_TRUE(absl::IsFailedPrecondition(database.Execute("CREATE TABLE t(x INTEGER)")));
  ASSERT_TRUE(Apply(database, "CREATE TABLE t(x INTEGER)").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(database.Execute("INSERT INTO t VALUES(1)")));
  EXPECT_TRUE(absl::IsPermissionDenied(database.Execute("BEGIN")));
  EXPECT_EQ(One(database, "SELECT count(*) FROM t"), 0);
}

TEST_F(StorageTest, PrepareTakesExactlyOneStatement) {
  Database database = Open(Mode::kCreate);
  EXPECT_FALSE(database.Prepare("").ok());
  EXPECT_FALSE(database.Prepare("-- nothing").ok());
  EXPECT_FALSE(database.Prepare("SELECT 1; SELECT 2").ok());
  EXPECT_TRUE(database.Prepare("SELECT 1; ").ok());
}

TEST_F(StorageTest, ABadParameterIsReportedByStep) {
  Database database = Open(Mode::kCreate);
  absl::StatusOr<Statement> select = database.Prepare("SELECT ?1");
  ASSERT_TRUE(select.ok());
  EXPECT_FALSE(select->BindInt64(2, 5).Step().ok());
  select->Reset();
  EXPECT_TRUE(select->BindInt64(1, 5).Step().ok());
}

TEST_F(StorageTest, AStatementMayOutliveItsDatabase) {
  absl::StatusOr<Statement> select = absl::InternalError("none");
  {
    Database database = Open(Mode::kCreate);
    select = database.Prepare("SELECT 7");
  }
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Int64(0), 7);
}

}  // namespace
}  // namespace pinhole::storage
