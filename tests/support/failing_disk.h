// A disk that is full at the n-th write: every call of this process that can meet a full disk below
// one folder is counted, SQLite's too, and one of them, or all from one on, fail with ENOSPC.
//
// A program that links failing_disk.cc has its own open, write, fsync and so on, which stand before
// those of the C library for all libraries: nothing of this is in a released program.
#pragma once

#include <string>

namespace pinhole::testing {

enum class Fullness {
  kOnce,     // one call fails, as when another program filled the disk for a moment
  kForGood,  // and all later ones, until the disk is repaired
};

// Counting begins at 1; `fail_at` 0 only counts. Not for several threads that write at the same
// time (gRPC's may: counting is atomic, but which of two comes first is chance).
void FillDisk(const std::string& folder, int fail_at, Fullness fullness);

// Ends it; returns how many write points were passed.
int RepairDisk();

// Whether a call failed since FillDisk, and which ("pwrite64 vault.db-wal").
std::string FailedWrite();

}  // namespace pinhole::testing
