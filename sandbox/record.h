// What the record of a box has to be: the golden record, and the comparison with a live one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox {

// In what the boxes of two lanes may differ. Named degraded modes have lines of their own: a lane
// without a user of its own has its caller's, and one without cgroups limits address space.
struct Promise {
  protocol::Profile profile = protocol::Profile::kStatic;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary, in the kernel's order; `gid` is left out
  bool view = false;
  protocol::Accounting accounting = protocol::Accounting::kNone;
  std::optional<int> core;  // nothing is asked of the cores otherwise
};

// The request of a probe, without descriptors, number and deadline. Its limits stand in the record.
protocol::Run ProbeRun(protocol::Profile profile);

// The lines that the record has to have, in order. One that ends in "*" stands for every line that
// begins like it.
std::vector<std::string> GoldenRecord(const Promise& promise);

// FAILED_PRECONDITION that names the first line in which `record` (lines, each ended by a newline)
// is not as promised.
absl::Status CheckRecord(const Promise& promise, std::string_view record);

}  // namespace pinhole::sandbox
