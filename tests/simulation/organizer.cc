#include "tests/simulation/organizer.h"

#include "server/core/base/status.h"
#include "server/vault/proposals.h"
#include "tests/simulation/random.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::simulation {

absl::Status ProposeAct(const PublicWorld& world, uint64_t seed, storage::Database& database,
                        const replay::LedgerState& state) {
  Random random = Random(seed).Branch(9'000 + static_cast<uint64_t>(state.size()));
  const replay::Contest* contest = state.Open();
  if (contest == nullptr || !random.OneIn(3)) return absl::OkStatus();
  log::ActEntry act{.contest = world.policy.contest};
  const auto teams = static_cast<int64_t>(contest->teams.size());
  if (teams > 0 && random.OneIn(4)) {
    act.team = 1 + static_cast<int>(random.Below(teams));
    act.kind = contest->teams[static_cast<size_t>(act.team - 1)].disqualified
                   ? log::ActKind::kReinstate
                   : log::ActKind::kDisqualify;
  } else if (!random.OneIn(8)) {
    constexpr log::ActKind kKinds[] = {log::ActKind::kLowerTries, log::ActKind::kLowerShownScores,
                                       log::ActKind::kLowerShownFailures};
    act.kind = kKinds[random.Below(3)];
    // As much as it is, at times: that is refused.
    act.value = static_cast<int>(random.Below(contest->limits.Of(*log::LimitOf(act.kind)) + 1));
  }
  static const SigningKey organizer = testing::TestKey(1);
  act.signature = organizer.Sign(log::ActStatement(act, contest->acts));
  ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(act));
  return vault::Proposals(database)
      .Add(vault::ProposalKind::kAct, world.policy.contest, entry.bytes())
      .status();
}

}  // namespace pinhole::simulation
