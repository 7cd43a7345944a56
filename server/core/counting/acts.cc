#include "server/core/counting/acts.h"

#include "server/core/counting/big_count.h"
#include "server/core/counting/limits.h"

namespace pinhole::counting {
namespace {

// SHIFT, START, closing early, an act on a team, and lowering a limit.
constexpr int64_t kKinds = 5;

// One of `rounds` × `ways`, or nothing.
Bits OneOf(int64_t rounds, int64_t ways) {
  BigCount choices(static_cast<uint64_t>(rounds));
  choices *= static_cast<uint64_t>(ways);
  choices += BigCount(1);
  return choices.CeilLog2();
}

}  // namespace

Bits ShiftCharge(const contest::Policy& policy) {
  return OneOf(policy.rounds.count, kKinds * policy.rounds.max_shift);
}

Bits StartCharge(const contest::Policy& policy) { return OneOf(policy.rounds.count, kKinds); }

Bits CloseEarlyCharge(const contest::Policy& policy) { return OneOf(policy.rounds.count, kKinds); }

Bits StopCharge(const contest::Policy& policy) { return OneOf(policy.rounds.count, 2); }

Bits TeamActCharge(const contest::Policy& policy) {
  return OneOf(policy.rounds.count, kKinds * policy.release.teams);
}

Bits TightenCharge(const contest::Policy& policy) {
  return OneOf(policy.rounds.count, kKinds * WaysToLower(policy));
}

}  // namespace pinhole::counting
