// Numbered, append-only changes of a database's schema, embedded in the program.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "server/storage/database.h"

namespace pinhole::storage {

// deploy/cmake/EmbedMigrations.cmake makes these from migrations/<who>/NNNN_words.sql.
struct Migration {
  std::string_view name;  // "0001_ledger.sql"
  std::string_view sql;   // one or more statements, no transaction control
};

// Brings `database` to the last of `migrations`; they number from 0001 without a gap. Each runs in
// a transaction of its own and is recorded in the table `migration` with the SHA-256 of its text: a
// crash leaves the database after some whole migration, and the next call goes on from there.
//
// Errors: FAILED_PRECONDITION, and nothing is changed, when a recorded migration is missing from
// `migrations` (the database is newer than the program) or its text is another; INVALID_ARGUMENT
// for a bad number; else what SQLite says, with the migration's name.
absl::Status ApplyMigrations(Database& database, std::span<const Migration> migrations);

}  // namespace pinhole::storage
