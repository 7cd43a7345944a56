// A long valid ledger of busy contests, one after the other.
#pragma once

#include <cstdint>

#include "tests/support/ledger_builder.h"

namespace pinhole::testing {

// At least `entries` of them; half are ADMITs, and all but the last contest are closed. 80 teams
// take turns at 40 places a round, some runs fail, few improve. Nearly every entry costs the fold a
// microsecond, so that the length is what is measured.
LedgerBuilder BusyLedger(int64_t entries, int64_t contests = 1);

}  // namespace pinhole::testing
