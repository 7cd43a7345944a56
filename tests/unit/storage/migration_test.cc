// Migrations: applied once, in order, and never two texts under one number.
#include "server/storage/migration.h"

#include <vector>

#include "server/core/base/sha256.h"
#include "tests/unit/storage/storage_fixture.h"

namespace pinhole::storage {

std::span<const Migration> TestMigrations();  // embedded from migrations/ beside this file

namespace {

const Migration kOne = {"0001_one.sql", "CREATE TABLE one(x INTEGER) STRICT;"};
const Migration kTwo = {"0002_two.sql", "CREATE TABLE two(x INTEGER) STRICT;"};

class MigrationTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    database_ = std::make_unique<Database>(Open(Mode::kCreate));
  }
  absl::Status Migrate(std::vector<Migration> migrations) {
    return ApplyMigrations(*database_, migrations);
  }
  int64_t Tables() {
    return One(*database_,
               "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name<>'migration'");
  }
  std::unique_ptr<Database> database_;
};

TEST_F(MigrationTest, EmbeddedFilesAreAppliedWhole) {
  ASSERT_EQ(TestMigrations().size(), 2u);
  EXPECT_EQ(TestMigrations()[0].name, "0001_team.sql");
  EXPECT_EQ(TestMigrations()[1].name, "0002_member.sql");
  EXPECT_TRUE(TestMigrations()[0].sql.starts_with("-- A comment; with a semicolon"));
  EXPECT_TRUE(TestMigrations()[0].sql.ends_with("STRICT;\n"));
  const absl::Status status = ApplyMigrations(*database_, TestMigrations());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Tables(), 2);
  EXPECT_EQ(One(*database_, "SELECT count(*) FROM sqlite_schema WHERE name='member_team'"), 1);
}

TEST_F(MigrationTest, AppliesWhatIsNewOnly) {
  ASSERT_TRUE(Migrate({kOne}).ok());
  ASSERT_TRUE(Migrate({kOne, kTwo}).ok());
  ASSERT_TRUE(Migrate({kOne, kTwo}).ok());
  EXPECT_EQ(Tables(), 2);
  EXPECT_EQ(One(*database_, "SELECT count(*) FROM migration"), 2);
}

TEST_F(MigrationTest, RecordsTheDigestOfTheText) {
  ASSERT_TRUE(Migrate({kOne}).ok());
  absl::StatusOr<Statement> select = database_->Prepare("SELECT name, sha256 FROM migration");
  ASSERT_TRUE(select.ok());
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Text(0), kOne.name);
  EXPECT_EQ(AsText(select->Blob(1)), AsText(Sha256(kOne.sql)));
}

TEST_F(MigrationTest, RefusesAChangedText) {
  ASSERT_TRUE(Migrate({kOne}).ok());
  const absl::Status status = Migrate({{kOne.name, "CREATE TABLE one(y INTEGER) STRICT;"}, kTwo});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(status.message().find("0001_one.sql"), std::string::npos) << status;
  EXPECT_EQ(Tables(), 1);
}

TEST_F(MigrationTest, RefusesARenamedOne) {
  ASSERT_TRUE(Migrate({kOne}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Migrate({{"0001_uno.sql", kOne.sql}})));
}

TEST_F(MigrationTest, RefusesADatabaseNewerThanTheProgram) {
  ASSERT_TRUE(Migrate({kOne, kTwo}).ok());
  const absl::Status status = Migrate({kOne});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(status.message().find("newer"), std::string::npos) << status;
}

TEST_F(MigrationTest, RefusesAGapInTheNumbers) {
  EXPECT_TRUE(absl::IsInvalidArgument(Migrate({kOne, {"0003_three.sql", kTwo.sql}})));
  EXPECT_EQ(Tables(), 0);
}

TEST_F(MigrationTest, AFailingOneLeavesTheDatabaseAfterTheLastWholeOne) {
  const Migration broken = {"0002_two.sql", "CREATE TABLE two(x INTEGER) STRICT; CREATE TABLE"};
  const absl::Status status = Migrate({kOne, broken});
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("0002_two.sql"), std::string::npos) << status;
  EXPECT_EQ(Tables(), 1);
  EXPECT_TRUE(Migrate({kOne, kTwo}).ok());
  EXPECT_EQ(Tables(), 2);
}

TEST_F(MigrationTest, OneThatCommitsByItselfIsRefused) {
  EXPECT_TRUE(absl::IsPermissionDenied(Migrate({{kOne.name, "COMMIT; BEGIN;"}})));
}

}  // namespace
}  // namespace pinhole::storage
