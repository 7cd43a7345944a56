// A policy as fields of the POLICY entry, and back.
#pragma once

#include "absl/status/statusor.h"
#include "server/core/contest/policy.h"
#include "server/core/log/entry_text.h"

namespace pinhole::log {

void AddPolicyFields(const contest::Policy& policy, EntryWriter& writer);

// The contest's id is the entry's. Errors: INVALID_ARGUMENT, also when contest::Validate refuses
// the policy.
absl::StatusOr<contest::Policy> TakePolicyFields(EntryReader& reader);

}  // namespace pinhole::log
