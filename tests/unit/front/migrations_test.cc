// A front's database of an earlier build keeps its requests, and their ids are never used again.
#include "server/front/migrations.h"

#include <gtest/gtest.h>

#include "server/core/base/status.h"
#include "server/storage/database.h"
#include "server/storage/statement.h"
#include "server/storage/transaction.h"
#include "server/system/temp_dir.h"

namespace pinhole::front {
namespace {

constexpr char kAdd[] =
    "INSERT INTO request (kind, contest, team_key, text, message, state, refusal) VALUES "
    "('%s', 'demo', zeroblob(32), '%s', '', 'received', '')";

std::string Add(const char* kind, const char* text) {
  std::string sql = kAdd;
  for (const char* word : {kind, text}) sql.replace(sql.find("%s"), 2, word);
  return sql;
}

absl::Status Execute(storage::Database& database, const std::string& sql) {
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(database));
  RETURN_IF_ERROR(database.Execute(sql));
  return transaction.CommitUnlogged();
}

TEST(FrontMigrations, KeepRequestsAndTheirIds) {
  const auto folder = TempDir::Make();
  ASSERT_TRUE(folder.ok());
  auto database = storage::Database::Open(folder->path() + "/front.db", storage::Mode::kCreate);
  ASSERT_TRUE(database.ok()) << database.status();
  ASSERT_TRUE(storage::ApplyMigrations(*database, Migrations().first(2)).ok());
  for (const char* text : {"first", "second", "third"})
    ASSERT_EQ(Execute(*database, Add("join", text)), absl::OkStatus());
  EXPECT_FALSE(Execute(*database, Add("choose", "too early")).ok());
  ASSERT_TRUE(Execute(*database, "DELETE FROM request WHERE text = 'third'").ok());
  ASSERT_TRUE(storage::ApplyMigrations(*database, Migrations()).ok());
  ASSERT_TRUE(Execute(*database, Add("choose", "fourth")).ok());
  auto rows = database->Prepare("SELECT id, kind, text FROM request ORDER BY id");
  ASSERT_TRUE(rows.ok()) << rows.status();
  std::string all;
  while (*rows->Step()) {
    all += std::to_string(rows->Int64(0)) + " " + std::string(rows->Text(1)) + " " +
           std::string(rows->Text(2)) + "\n";
  }
  EXPECT_EQ(all, "1 join first\n2 join second\n4 choose fourth\n");
}

}  // namespace
}  // namespace pinhole::front
