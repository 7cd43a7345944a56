// Valid ledgers with every kind of entry, for readers that are not ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/core/contest/policy.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::testing {

// Three teams that try in most rounds, a shift, an outage, acts, a final board, an end. Needs at
// least 4 rounds. With witnesses, more than half of them must cosign.
LedgerBuilder SampleLedger(contest::ReleaseRule rule, contest::FinalRule final_rule, int rounds,
                           int witnesses = 0);

// Writes entries as static files under a head by the builder's key, cosigned by TestWitness(n) for
// each n of `cosigners`.
absl::Status WriteStaticFiles(const std::vector<std::string>& entries, const std::string& folder,
                              const std::vector<int>& cosigners = {});

}  // namespace pinhole::testing
