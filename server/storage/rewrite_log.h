// Internal to server/storage: a log that a process left behind, made durable before anything is
// built on it.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace pinhole::storage::internal {

// Writes the bytes of the log beside the database at `path` (its "-wal") again as they are, and
// syncs them. Call before the database is opened; without a log it does nothing.
//
// After an fsync that failed, Linux counts the pages as written: they are read like any others, no
// later fsync says a word about them, and they are not on the disk. A process that ended there may
// have left a commit like that in the log. Whoever comes next would read it as one that holds,
// append behind it, and lose all of that with the current: the log ends, for SQLite, at its first
// hole. What is written again is synced again, or says so.
//
// Holds the write lock meanwhile. Errors: UNAVAILABLE when another connection keeps it for longer
// than five seconds; RESOURCE_EXHAUSTED or INTERNAL for a write or sync that fails; else as
// Database::Open.
absl::Status RewriteLog(const std::string& path);

}  // namespace pinhole::storage::internal
