// A folder and a database in it, for the tests of server/storage.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/storage/database.h"
#include "server/storage/transaction.h"
#include "server/system/temp_dir.h"

namespace pinhole::storage {

class StorageTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TempDir> dir = TempDir::Make();
    ASSERT_TRUE(dir.ok()) << dir.status();
    dir_ = std::make_unique<TempDir>(*std::move(dir));
    path_ = dir_->path() + "/test.db";
  }

  // Opens or fails the test.
  Database Open(Mode mode) { return OpenAt(path_, mode); }
  static Database OpenAt(const std::string& path, Mode mode) {
    absl::StatusOr<Database> database = Database::Open(path, mode);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  // Runs a script in a transaction of its own.
  static absl::Status Apply(Database& database, std::string_view sql) {
    absl::StatusOr<Transaction> transaction = Transaction::Begin(database);
    if (!transaction.ok()) return transaction.status();
    if (absl::Status status = database.Execute(sql); !status.ok()) return status;
    return transaction->CommitUnlogged();
  }

  // The one integer that a query gives; -1 and a failure when it gives none.
  static int64_t One(Database& database, std::string_view sql) {
    absl::StatusOr<Statement> statement = database.Prepare(sql);
    EXPECT_TRUE(statement.ok()) << statement.status();
    if (!statement.ok()) return -1;
    const absl::StatusOr<bool> row = statement->Step();
    EXPECT_TRUE(row.ok() && *row) << row.status();
    return row.ok() && *row ? statement->Int64(0) : -1;
  }

  std::unique_ptr<TempDir> dir_;
  std::string path_;
};

}  // namespace pinhole::storage
