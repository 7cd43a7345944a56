// What acts of persons and the vault's own standstills can tell: each is a choice among few, and
// costs log2 of how many (CHANNEL.md section 5.2, "Acts and incidents"). Which of the five kinds it
// is tells something too, so that each is charged as if all could choose as it can. Then 2^bits
// covers every sequence of them that `bits` pay for.
#pragma once

#include "server/core/contest/policy.h"
#include "server/core/counting/bits.h"

namespace pinhole::counting {

// One SHIFT: any round of the contest, moved by any allowed number of rounds, or none.
Bits ShiftCharge(const contest::Policy& policy);

// The vault's process began anew: in which round, or not.
Bits StartCharge(const contest::Policy& policy);

// Closing early: in which round, or not at all.
Bits CloseEarlyCharge(const contest::Policy& policy);

// Stopping for good, when a SHIFT or a START can be paid no more: in which round and at which of
// the two, or not at all. Kept back of the bits for acts from the beginning, so that it can always
// be paid.
Bits StopCharge(const contest::Policy& policy);

// Disqualifying a team, or taking that back: which team in which round, or none.
Bits TeamActCharge(const contest::Policy& policy);

// Lowering a limit: which one, to which value, in which round, or none.
Bits TightenCharge(const contest::Policy& policy);

}  // namespace pinhole::counting
