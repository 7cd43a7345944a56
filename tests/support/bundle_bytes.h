// A bundle of entries in memory, for tests that write small ones.
#pragma once

#include <string>
#include <vector>

#include "server/core/log/tiles.h"
#include "server/core/replay/bundle.h"

namespace pinhole::testing {

inline std::string BundleBytes(std::string_view checkpoint,
                               const std::vector<std::string>& entries) {
  std::string bytes = replay::EncodeBundleHead(checkpoint);
  for (const std::string& entry : entries) AppendEntryFrame(bytes, entry);
  return bytes;
}

}  // namespace pinhole::testing
