#include "server/storage/migration.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/sha256.h"
#include "server/core/base/status.h"
#include "server/storage/transaction.h"

namespace pinhole::storage {
namespace {

constexpr std::string_view kCreateTable =
    "CREATE TABLE IF NOT EXISTS migration(number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "sha256 BLOB NOT NULL) STRICT";
constexpr std::string_view kSelect = "SELECT number, name, sha256 FROM migration ORDER BY number";
constexpr std::string_view kInsert =
    "INSERT INTO migration(number, name, sha256) VALUES(?1, ?2, ?3)";

absl::Status CheckNumbers(std::span<const Migration> migrations) {
  for (size_t i = 0; i < migrations.size(); ++i) {
    if (!migrations[i].name.starts_with(absl::StrFormat("%04d_", i + 1))) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "migration \"%s\" stands where number %04d belongs", migrations[i].name, i + 1));
    }
  }
  return absl::OkStatus();
}

absl::Status EnsureTable(Database& database) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database));
  RETURN_IF_ERROR(database.Execute(kCreateTable));
  return transaction.CommitUnlogged();
}

// How many are recorded, each of them the same as in the program.
absl::StatusOr<size_t> CheckRecorded(Database& database, std::span<const Migration> migrations) {
  ASSIGN_OR_RETURN(Statement select, database.Prepare(kSelect));
  size_t count = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return count;
    const std::string name(select.Text(1));
    if (count >= migrations.size()) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "the database has migration \"%s\", which this program does not know: the database is "
          "newer; use the program that made it, or a later one",
          name));
    }
    ASSIGN_OR_RETURN(const Digest recorded, select.FixedBlob<32>(2));
    const Migration& known = migrations[count];
    if (select.Int64(0) != static_cast<int64_t>(count) + 1 || name != known.name ||
        recorded != Sha256(known.sql)) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "the database was made with migration \"%s\", whose text is not this program's \"%s\": a "
          "released migration never changes; use the program that made the database",
          name, known.name));
    }
    ++count;
  }
}

absl::Status ApplyOne(Database& database, size_t number, const Migration& migration) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database));
  RETURN_IF_ERROR(database.Execute(migration.sql));
  ASSIGN_OR_RETURN(Statement insert, database.Prepare(kInsert));
  RETURN_IF_ERROR(insert.BindInt64(1, static_cast<int64_t>(number))
                      .BindText(2, migration.name)
                      .BindBlob(3, Sha256(migration.sql))
                      .Run());
  return transaction.CommitUnlogged();
}

}  // namespace

absl::Status ApplyMigrations(Database& database, std::span<const Migration> migrations) {
  RETURN_IF_ERROR(CheckNumbers(migrations));
  RETURN_IF_ERROR(EnsureTable(database));
  ASSIGN_OR_RETURN(const size_t applied, CheckRecorded(database, migrations));
  for (size_t i = applied; i < migrations.size(); ++i) {
    if (absl::Status status = ApplyOne(database, i + 1, migrations[i]); !status.ok()) {
      return absl::Status(status.code(), absl::StrFormat("migration \"%s\": %s", migrations[i].name,
                                                         status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace pinhole::storage
