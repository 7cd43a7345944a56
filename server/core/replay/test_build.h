// The build id that vaults of tests state in START when their gate can be told what to show. An
// audit refuses a ledger that names it: no such vault may ever release anything.
#pragma once

#include "server/core/base/sha256.h"

namespace pinhole::replay {

inline Digest TestBuild() {
  return Sha256("pinhole: a build for tests, with a switch at its gate");
}

}  // namespace pinhole::replay
