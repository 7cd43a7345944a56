// All entries of a folder of static files at once, for tests that compare them.
#pragma once

#include <string>
#include <vector>

#include "server/core/base/status.h"
#include "server/publish/static_ledger.h"

namespace pinhole::testing {

struct StaticContent {
  std::string checkpoint;
  std::vector<std::string> entries;
};

inline absl::StatusOr<StaticContent> ReadStaticLedger(const std::string& folder,
                                                      const NoteVerifier& log) {
  ASSIGN_OR_RETURN(const publish::StaticReader reader, publish::StaticReader::Open(folder, log));
  StaticContent content{.checkpoint = reader.checkpoint(), .entries = {}};
  for (uint64_t index = 0; index * kTileWidth < reader.size(); ++index) {
    ASSIGN_OR_RETURN(const std::vector<std::string> bundle, reader.Bundle(index));
    content.entries.insert(content.entries.end(), bundle.begin(), bundle.end());
  }
  return content;
}

}  // namespace pinhole::testing
