// A consistent copy of a database that others may be writing.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace pinhole::storage {

// Copies the database `from` to the new file `to` (mode 0600) by SQLite's backup interface: one
// snapshot, whatever commits meanwhile; writers are not held up. The copy is checked (quick_check),
// is one file without a log beside it, and is on the disk when this returns; on any error `to` is
// not there.
//
// Errors: INVALID_ARGUMENT and NOT_FOUND as Database::Open; ALREADY_EXISTS for `to`;
// RESOURCE_EXHAUSTED for a full disk; DATA_LOSS when `from` is damaged.
absl::Status CopyDatabase(const std::string& from, const std::string& to);

}  // namespace pinhole::storage
