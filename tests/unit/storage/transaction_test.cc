// What a transaction keeps, and that a visible commit needs this transaction's Logged.
#include "server/storage/transaction.h"

#include "tests/unit/storage/storage_fixture.h"

namespace pinhole::vault {

// Stands where the vault's ledger will: the only class that can make a Logged.
class Ledger {
 public:
  static storage::Logged Append(const storage::Transaction& transaction) {
    return storage::Logged(transaction);
  }
};

}  // namespace pinhole::vault

namespace pinhole::storage {
namespace {

class TransactionTest : public StorageTest {
 protected:
  void SetUp() override {
    StorageTest::SetUp();
    database_ = std::make_unique<Database>(Open(Mode::kCreate));
    ASSERT_TRUE(Apply(*database_, "CREATE TABLE t(x INTEGER) STRICT").ok());
  }

  // Begins and inserts one row.
  Transaction BeginAndInsert() {
    absl::StatusOr<Transaction> transaction = Transaction::Begin(*database_);
    EXPECT_TRUE(transaction.ok()) << transaction.status();
    EXPECT_TRUE(database_->Execute("INSERT INTO t VALUES(1)").ok());
    return *std::move(transaction);
  }

  int64_t Rows() { return One(*database_, "SELECT count(*) FROM t"); }

  std::unique_ptr<Database> database_;
};

TEST_F(TransactionTest, KeepsNothingWithoutACommit) {
  { const Transaction transaction = BeginAndInsert(); }
  EXPECT_EQ(Rows(), 0);
}

TEST_F(TransactionTest, KeepsAllWithItsOwnLogged) {
  {
    Transaction transaction = BeginAndInsert();
    EXPECT_TRUE(transaction.Commit(vault::Ledger::Append(transaction)).ok());
  }
  EXPECT_EQ(Rows(), 1);
  Database again = Open(Mode::kExisting);
  EXPECT_EQ(One(again, "SELECT count(*) FROM t"), 1);
}

TEST_F(TransactionTest, KeepsAllUnlogged) {
  Transaction transaction = BeginAndInsert();
  EXPECT_TRUE(transaction.CommitUnlogged().ok());
  EXPECT_EQ(Rows(), 1);
}

TEST_F(TransactionTest, RefusesTheLoggedOfAnother) {
  std::optional<Logged> stale;
  {
    const Transaction earlier = BeginAndInsert();
    stale = vault::Ledger::Append(earlier);
  }
  Transaction transaction = BeginAndInsert();
  EXPECT_TRUE(absl::IsFailedPrecondition(transaction.Commit(*std::move(stale))));
  EXPECT_EQ(Rows(), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(transaction.CommitUnlogged()));
}

TEST_F(TransactionTest, RefusesALoggedThatWasMovedAway) {
  Transaction transaction = BeginAndInsert();
  Logged logged = vault::Ledger::Append(transaction);
  const Logged taken = std::move(logged);
  EXPECT_TRUE(absl::IsFailedPrecondition(transaction.Commit(std::move(logged))));
  EXPECT_EQ(Rows(), 0);
}

TEST_F(TransactionTest, CommitsOnce) {
  Transaction transaction = BeginAndInsert();
  ASSERT_TRUE(transaction.CommitUnlogged().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(transaction.CommitUnlogged()));
  EXPECT_TRUE(absl::IsFailedPrecondition(transaction.Commit(vault::Ledger::Append(transaction))));
}

TEST_F(TransactionTest, MovesWithItsWork) {
  Transaction first = BeginAndInsert();
  Transaction second = std::move(first);
  EXPECT_TRUE(second.Commit(vault::Ledger::Append(second)).ok());
  EXPECT_EQ(Rows(), 1);
}

TEST_F(TransactionTest, IsOneAtATime) {
  const Transaction transaction = BeginAndInsert();
  EXPECT_TRUE(absl::IsFailedPrecondition(Transaction::Begin(*database_).status()));
}

TEST_F(TransactionTest, ReadersSeeTheStateBeforeIt) {
  Database reader = Open(Mode::kExisting);
  Transaction transaction = BeginAndInsert();
  EXPECT_EQ(One(reader, "SELECT count(*) FROM t"), 0);
  ASSERT_TRUE(transaction.CommitUnlogged().ok());
  EXPECT_EQ(One(reader, "SELECT count(*) FROM t"), 1);
}

}  // namespace
}  // namespace pinhole::storage
