// Tables of SQLite databases as sources: the same rules as for CSV, and errors that name the row.
#include "server/dataset/database_records.h"

#include <gmock/gmock.h>

#include "server/dataset/importer.h"
#include "server/storage/transaction.h"
#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSpec[] = R"(dataset = "small"
version = 1
deployment = "one-machine"
budget_bits = 100
target = "visit"
label = "cost"
split = "part"
[[table]]
name = "visit"
database = "clinic.db"
[[table]]
name = "place"
database = "clinic.db"
table = "Ort"
)";

constexpr char kVisits[] =
    "CREATE TABLE visit(id INTEGER PRIMARY KEY, zip VARCHAR(5), day DATE, cost REAL, mixed, part);"
    "INSERT INTO visit VALUES(10, '02138', '2020-02-29', 1.5, 7, 'train'),"
    "(20, '94110', '2020-03-01', 2.0, 8, 'train'),(30, NULL, NULL, 3.25, NULL, 'public'),"
    "(40, '00001', '1999-12-31', 4.0, 9, 'final');"
    "CREATE TABLE ort(name TEXT PRIMARY KEY, size INT) WITHOUT ROWID;"
    "INSERT INTO ort VALUES('South', 2), ('North', 1);"
    "CREATE VIEW seen AS SELECT * FROM visit;";

class DatabaseTest : public DatasetTest {
 protected:
  void SetUp() override {
    DatasetTest::SetUp();
    Put("spec.toml", kSpec);
  }
  void Make(const std::string& name, const std::string& sql) const {
    std::filesystem::remove(Path(name));
    auto database = storage::Database::Open(Path(name), storage::Mode::kBuild);
    ASSERT_TRUE(database.ok()) << database.status();
    auto transaction = storage::Transaction::Begin(*database);
    ASSERT_TRUE(transaction.ok());
    ASSERT_EQ(database->Execute(sql), absl::OkStatus());
    ASSERT_EQ(transaction->CommitUnlogged(), absl::OkStatus());
  }
  absl::StatusOr<ImportResult> Run(const std::string& from = "", const std::string& to = "") const {
    std::string text = kSpec;
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    const auto spec = ParseImportSpec(text, Path("spec.toml"));
    if (!spec.ok()) return spec.status();
    return Import(*spec, Path("out"), AsBytes("k"));
  }
};

TEST_F(DatabaseTest, IsImportedByDeclarationsAndValues) {
  Make("clinic.db", kVisits);
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(contest::FormatTables(result->shape),
            "visit(id:i64,zip:str,day:date,cost:f64,mixed:i64);place(name:str,size:i64)");
  EXPECT_EQ(result->train_rows, 2);
  EXPECT_EQ(result->train_labels.sum(), 3'500'000);
  const std::string database = Path("out/view/contest.db");
  EXPECT_EQ(
      Query(database, "SELECT * FROM visit ORDER BY id", 5),
      (Rows{{"10", "02138", "2020-02-29", "1.5", "7"}, {"20", "94110", "2020-03-01", "2.0", "8"}}));
  EXPECT_EQ(
      Query(database, "SELECT id, zip, day, mixed FROM predict ORDER BY id", 4),
      (Rows{{"30", std::nullopt, std::nullopt, std::nullopt}, {"40", "00001", "1999-12-31", "9"}}));
  EXPECT_EQ(Query(database, "SELECT * FROM place", 2), (Rows{{"North", "1"}, {"South", "2"}}));
  // Nothing appeared beside the source.
  EXPECT_THAT(Names(), ElementsAre("clinic.db", "out", "spec.toml"));
}

TEST_F(DatabaseTest, MixedValuesMakeTheWidestType) {
  Make("clinic.db",
       "CREATE TABLE visit(a, b, c TEXT, d, cost, part);"
       "INSERT INTO visit VALUES(1, 1, 1, 9223372036854775807, 1, 'train'),"
       "(2.5, 'x', 2, -9223372036854775808, 2, 'public'),(0.1, NULL, NULL, 0, 3, 'final');"
       "CREATE TABLE Ort(rowid TEXT, _rowid_ TEXT, oid INTEGER);"
       "INSERT INTO Ort VALUES('a', 'b', 1);");
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(contest::FormatTables(result->shape),
            "visit(a:f64,b:str,c:str,d:i64,cost:i64);place(rowid:str,_rowid_:str,oid:i64)");
}

TEST_F(DatabaseTest, ErrorsNameDatabaseTableRowidAndColumn) {
  const struct {
    const char* name;
    const char* value;
    const char* message;
  } cases[] = {
      {"blob", "x'00ff'", "rowid 7, column \"note\": the value is a blob"},
      {"nul", "'a' || char(0) || 'b'", "rowid 7, column \"note\": the text holds a NUL"},
      {"not_utf8", "CAST(x'ff41' AS TEXT)", "rowid 7, column \"note\": the text is not UTF-8"},
      {"infinite", "9e999", "rowid 7, column \"note\": the value is infinite"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Make("clinic.db", std::string("CREATE TABLE visit(note, cost, part);"
                                  "INSERT INTO visit(rowid, note, cost, part) VALUES(7, ") +
                          c.value +
                          ", 1, 'train'); CREATE TABLE ort(a); INSERT INTO ort VALUES(1);");
    const absl::Status status = Run().status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(Path("clinic.db") + ": table \"visit\", " + c.message));
    EXPECT_THAT(Names(), ElementsAre("clinic.db", "spec.toml"));
  }
  Make("clinic.db",
       "CREATE TABLE visit(note, cost, part); INSERT INTO visit(rowid, note, cost, part) VALUES"
       "(5, 1, 0.1, 'train'), (9, 1, 0.1 + 0.2, 'train'); CREATE TABLE ort(a);");
  EXPECT_THAT(std::string(Run().status().message()),
              HasSubstr("table \"visit\", rowid 9, column \"cost\": the label "));
}

TEST_F(DatabaseTest, WhatIsNoTableIsRefused) {
  Make("clinic.db", kVisits);
  EXPECT_THAT(std::string(Run("\"Ort\"", "\"street\"").status().message()),
              HasSubstr("no table \"street\"; its tables are: ort, visit"));
  EXPECT_THAT(std::string(Run("\"Ort\"", "\"seen\"").status().message()),
              HasSubstr("\"seen\" is a view; copy its rows into a table first"));
  EXPECT_TRUE(absl::IsNotFound(Run("\"clinic.db\"", "\"none.db\"").status()));
  Put("text.db", "id,cost\n1,2\n");
  EXPECT_TRUE(absl::IsDataLoss(Run("\"clinic.db\"", "\"text.db\"").status()));
  EXPECT_THAT(Names(), ElementsAre("clinic.db", "spec.toml", "text.db"));
}

TEST_F(DatabaseTest, RowsThatMayNotBeInTheFileAreRefused) {
  Make("clinic.db", kVisits);
  Put("clinic.db-wal", "frames");
  EXPECT_THAT(std::string(Run().status().message()), HasSubstr("PRAGMA wal_checkpoint(TRUNCATE)"));
  std::filesystem::remove(Path("clinic.db-wal"));
  Put("clinic.db-journal", "pages");
  EXPECT_THAT(std::string(Run().status().message()), HasSubstr("clinic.db-journal says"));
  Put("clinic.db-journal", "");
  Put("clinic.db-wal", "");
  EXPECT_TRUE(Run().ok());
}

}  // namespace
}  // namespace pinhole::dataset
