// A folder in which a ledger's heads are shown to witnesses, as a front makes it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "server/core/log/merkle.h"
#include "server/publish/static_ledger.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::testing {

inline void ShowHead(const std::string& folder, const LedgerBuilder& ledger) {
  MerkleTree tree;
  for (const std::string& entry : ledger.entries()) tree.Append(LeafHash(entry));
  auto files = publish::StaticLedger::Open(folder, *NoteVerifier::FromVkey(ledger.Vkey()),
                                           publish::StaticFiles::kHashesAlone);
  ASSERT_TRUE(files.ok()) << files.status();
  const absl::Status shown = files->Publish(
      ledger.Checkpoint(), [&](const Tile& tile) { return HashTileBytes(tile, tree.Reader()); });
  ASSERT_TRUE(shown.ok()) << shown;
}

}  // namespace pinhole::testing
