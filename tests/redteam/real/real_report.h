// The table of docs/RED_TEAM.md that real processes are measured for.
#pragma once

#include <string>

#include "tests/redteam/real/contention.h"
#include "tests/redteam/real/real_runs.h"

namespace pinhole::redteam {

// A leak of a hundredth of a bit a run would be seen (CHANNEL.md section 2.1).
inline constexpr int64_t kRealTrials = 1'610;

struct RealProfile {
  int lanes = 0;
  int64_t trials = 0;
  int64_t slots = 0;
};
inline constexpr RealProfile kQuickReal{.lanes = 8, .trials = 16, .slots = 36};
inline constexpr RealProfile kLongReal{.lanes = 16, .trials = kRealTrials, .slots = 800};

std::string RealHead();
// What a row says before its figures; docs/RED_TEAM.md has each.
inline constexpr const char* kFeltRows[] = {
    "| A24 | one-machine | a bit every 60 ms: loads its core in the first half, or in the second | "
    "a process on the same "
    "core |",
    "| A24 | one-machine | the same, by its core | a process on the other core |",
    "| A24 | one-machine | the same, walking through 48 MiB | a process on the "
    "other "
    "core, which walks through 8 MiB |",
};
inline constexpr const char kPipeRow[] =
    "| A24 | two-machine | a bit a run: runs into its limit, dies or uses up its memory; or ends "
    "well "
    "| the pipe: bytes, and when frames come |";
inline constexpr const char kToldRow[] =
    "| A24 | – | the same runs | the vault's sealed evidence (control) |";

inline constexpr const char kShownRow[] =
    "| A24 | two-machine | the same, in a contest that shows every failure | the pipe (mutant) |";

std::string FeltRow(const char* begin, const Contention& felt);
std::string PipeRows(const RealRuns& runs);
std::string MutantRow(const RealRuns& runs);

// Nothing was learned by the pipe, and the encoder did encode.
bool Holds(const RealRuns& runs);

}  // namespace pinhole::redteam
