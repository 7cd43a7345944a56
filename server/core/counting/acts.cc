#include "server/core/counting/acts.h"

#include "server/core/counting/big_count.h"

namespace pinhole::counting {
namespace {

// One of `rounds` × `ways`, or nothing.
Bits OneOf(int64_t rounds, int64_t ways) {
  BigCount choices(static_cast<uint64_t>(rounds));
  choices *= static_cast<uint64_t>(ways);
  choices += BigCount(1);
  return choices.CeilLog2();
}

}  // namespace

Bits ShiftCharge(const contest::Policy& policy) {
  return OneOf(policy.rounds.count, policy.rounds.max_shift);
}

Bits CloseEarlyCharge(const contest::Policy& policy) { return OneOf(policy.rounds.count, 1); }

Bits StopCharge(const contest::Policy& policy) { return OneOf(policy.rounds.count, 1); }

Bits TeamActCharge(const contest::Policy& policy) {
  return OneOf(policy.rounds.count, policy.release.teams);
}

}  // namespace pinhole::counting
