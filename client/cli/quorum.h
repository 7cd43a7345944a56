// Whether enough witnesses cosigned a head. Pure.
//
// Of n witnesses f may lie: k of them rule out a second history when 2k - n > f (CHANNEL.md section
// 3.4), and can be had when k <= n - f.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/contest/policy.h"
#include "server/core/note/cosignature.h"

namespace pinhole::cli {

struct QuorumRule {
  std::vector<WitnessVerifier> witnesses;  // no key twice
  size_t needed = 0;                       // 1 to all of them
};

// Without `needed`, more than half of them. Errors: INVALID_ARGUMENT for a text that is no
// witness's key, a key that is named twice, no witnesses at all, or a number that they cannot
// reach.
absl::StatusOr<QuorumRule> QuorumRuleOf(const std::vector<std::string>& vkeys,
                                        std::optional<int64_t> needed);

// What a POLICY asks for; somebody must be asked.
QuorumRule QuorumRuleOf(const contest::Witnesses& witnesses);

struct Quorum {
  size_t needed = 0;
  size_t witnesses = 0;
  std::vector<Cosignature> given;
  std::string problem;  // the red line; empty when the quorum is there
};

// Counts the cosignatures on a signed checkpoint; the ledger's own signature is not looked at. One
// wrong cosignature of a named witness is a problem whatever the others are.
Quorum CountCosignatures(std::string_view note, const QuorumRule& rule);

// "cosigned 2 of 3 (w.example/a 2026-01-02 03:04:05 UTC, …)"
std::string QuorumText(const Quorum& quorum);

}  // namespace pinhole::cli
