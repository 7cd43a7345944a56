// The sealed copy of a program that a box executes.
#pragma once

#include "absl/status/statusor.h"
#include "sandbox/unique_fd.h"

namespace pinhole::sandbox {

// Copies the file behind `program`, from its start to its end, into memory of the caller's that
// nobody can change again, of mode 0111: it can be executed, and a process that does so cannot be
// read, traced or dumped. The position of `program` does not move.
//
// Errors: errno of reading or of memory.
absl::StatusOr<UniqueFd> MakeProgramImage(int program);

}  // namespace pinhole::sandbox
