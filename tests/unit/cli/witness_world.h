// What tests of witnesses share: a ledger that can be split under one key, and requests about it.
#pragma once

#include <memory>
#include <string>

#include "client/cli/witness_request.h"
#include "client/cli/witness_store.h"
#include "server/system/files.h"
#include "tests/support/ledger_builder.h"
#include "tests/unit/cli/memory_entries.h"

namespace pinhole::testing {

// A valid ledger of START, DATASET and POLICY. Those that differ in `tries` alone are two histories
// under one key, equal in their first two entries.
inline LedgerBuilder LedgerOf(int tries = 20) {
  LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  contest::Policy policy = DemoPolicy();
  policy.release.tries = tries;
  ledger.OpenContest(policy);
  return ledger;
}

inline cli::Material MaterialOf(const LedgerBuilder& ledger) {
  return {cli::Material::From::kFile, ledger.Checkpoint(),
          std::make_unique<MemoryEntries>(ledger.entries()),
          *NoteVerifier::FromVkey(ledger.Vkey())};
}

inline std::string RequestOf(const LedgerBuilder& ledger, uint64_t old_size) {
  return *cli::ProvableHead::Of(MaterialOf(ledger))->RequestFrom(old_size);
}

inline cli::WitnessStore NewWitness(const std::string& folder, uint8_t key = 50,
                                    cli::WitnessKind kind = cli::WitnessKind::kConsistency) {
  const std::string name = "witness.example/w" + std::to_string(key);
  return *cli::WitnessStore::Create(folder, {.name = name, .kind = kind},
                                    *NoteVerifier::FromVkey(LedgerOf().Vkey()), TestKey(key));
}

}  // namespace pinhole::testing
