// What the open channel carries when planter, encoder and decoder use all of it (attack A1), and
// what it carries of a secret that is larger than the budget. Through the real scorer's arithmetic,
// the real vault and the bytes of the public ledger.
#pragma once

#include <cstdint>
#include <string>

#include "server/core/contest/policy.h"
#include "server/core/counting/bits.h"

namespace pinhole::redteam {

struct OpenChannel {
  std::string name;
  int64_t trials = 0;
  int64_t successes = 0;  // secrets that the decoder had whole
  int secret_bits = 0;    // M = 2^secret_bits
  counting::Bits declared;
  double extracted_bits = 0;  // CHANNEL.md section 2.1, 99.9 %

  // Of the declared bits, what the secrets held.
  double share() const { return secret_bits * 1000.0 / static_cast<double>(declared.thousandths); }
  bool within_declared() const {
    return extracted_bits <= static_cast<double>(declared.thousandths) / 1000;
  }
};

// Secrets of as many whole bits as the policy's transcripts hold, each decoded from the ledger. One
// secret is of one team (under records: of all teams together). `declared` is what the vault's
// policy counts for it.
OpenChannel PositiveControl(const std::string& name, const contest::Policy& policy, int64_t trials,
                            uint64_t seed);

// Secrets of three bits more than `declared` holds: no decoder may do better than its bits allow.
// `declared` is the policy that was signed, `enforced` the one that the vault runs: the same,
// unless a mutant forgets to enforce something. Both improvements, and below 2^40 transcripts.
OpenChannel GuessTest(const std::string& name, const contest::Policy& declared,
                      const contest::Policy& enforced, int64_t trials, uint64_t seed);

}  // namespace pinhole::redteam
