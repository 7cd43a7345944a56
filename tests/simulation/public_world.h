// What everybody may know of a world before it begins: the contest, the teams, what they will ask
// for. A function of the public seed alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/base/ed25519.h"
#include "server/core/contest/policy.h"
#include "server/core/log/blinding.h"
#include "server/core/note/signed_note.h"
#include "server/core/pipe/requests.h"
#include "tests/simulation/private_world.h"
#include "tests/simulation/random.h"

namespace pinhole::simulation {

// The vault stands still from somewhere in the run window of `round` on, and starts again
// `delay_ms` after the round's exchange should have begun.
struct Outage {
  int64_t round = 0;
  int64_t delay_ms = 0;
  bool asked = false;  // by its operator, in the middle of the window; else it loses its current
};

struct PublicWorld {
  static constexpr int64_t kStartMs = 1'000'000'000;  // the clock when the vault is first started

  contest::Policy policy;
  std::string dataset_entry;
  std::string policy_entry;
  Digest policy_digest{};
  int team_count = 0;
  std::vector<Outage> outages;

  Ranges ranges() const {
    return {.level_count = policy.scoring.scale.level_count(), .wall_ms = policy.limits.wall_ms};
  }
  const SigningKey& TeamKey(int team) const;
  pipe::JoinRequest Join(int team) const;
};

NoteSigner LedgerSigner();
// What blinds the entries of a round, as the vault with that key finds it.
log::Blinder BlinderOf(const contest::Policy& policy, int64_t round,
                       const std::optional<log::Nonce>& chain = std::nullopt);

PublicWorld MakePublicWorld(uint64_t seed);

}  // namespace pinhole::simulation
