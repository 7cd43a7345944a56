#include "tests/simulation/public_world.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "server/core/contest/data_shape.h"
#include "server/core/log/entries.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::simulation {
namespace {

constexpr int kMostTeams = 3;

template <typename T>
T Must(absl::StatusOr<T> made) {
  if (made.ok()) return *std::move(made);
  std::fprintf(stderr, "simulation: %s\n", made.status().ToString().c_str());
  std::abort();
}

std::vector<SigningKey> Keys(int first) {
  std::vector<SigningKey> keys;
  for (int i = 0; i <= kMostTeams; ++i)
    keys.push_back(testing::TestKey(static_cast<uint8_t>(first + i)));
  return keys;
}

std::string DatasetBytes() {
  const SigningKey owner = testing::TestKey(2);
  log::DatasetEntry entry{.dataset = "ratings",
                          .shape = Must(contest::ParseShape(
                              "ratings(userId:i32,rating:f64[0.5..5])", "ratings", "rating")),
                          .train_rows = 80,
                          .public_rows = 10,
                          .final_rows = 10,
                          .declassified = counting::Bits::Whole(96),
                          .budget = counting::Bits::Whole(8192),
                          .commitment = Sha256("data"),
                          .owner = owner.public_key()};
  entry.signature = owner.Sign(log::DatasetStatement(entry));
  return Must(log::Encode(entry)).bytes();
}

std::string PolicyBytes(const contest::Policy& policy) {
  return Must(log::Encode(testing::SignedPolicy(policy))).bytes();
}

contest::Policy MakePolicy(Random& random) {
  contest::Policy policy = testing::DemoPolicy();
  const int64_t levels = random.Between(2, 12);
  policy.scoring.scale.worst = policy.scoring.scale.best + (levels - 1) * policy.scoring.scale.step;
  contest::Release& release = policy.release;
  using contest::FinalRule;
  using contest::ReleaseRule;
  constexpr ReleaseRule kRules[] = {ReleaseRule::kImprovements, ReleaseRule::kImprovements,
                                    ReleaseRule::kRecords, ReleaseRule::kEveryScore};
  constexpr FinalRule kFinals[] = {FinalRule::kNone, FinalRule::kWinner, FinalRule::kTop3,
                                   FinalRule::kEveryTeam};
  release.rule = kRules[random.Below(4)];
  release.final_rule = kFinals[random.Below(4)];
  release.tries = static_cast<int>(random.Between(5, 40));
  const bool improvements = release.rule != ReleaseRule::kEveryScore;
  release.shown_scores =
      improvements ? static_cast<int>(random.Between(1, std::min<int64_t>(levels, 5))) : 0;
  release.shown_failures = improvements ? static_cast<int>(random.Between(0, 2)) : 0;
  release.waiting = static_cast<int>(random.Between(1, std::min(release.tries, 8)));
  release.teams = static_cast<int>(random.Between(1, kMostTeams));
  release.acts_thousandths = 1000 * random.Between(5, 140);
  // Windows of minutes: deadlines of real time, which a server sets beside virtual ones, never
  // come.
  policy.rounds = {.origin_ms = PublicWorld::kStartMs + 1000 * random.Between(3, 6),
                   .length_ms = 1'000'000,
                   .run_window_ms = 700'000,
                   .count = random.Between(4, 14),
                   .lanes = static_cast<int>(random.Between(1, 4)),
                   .settle_ms = contest::SettleMs(contest::PredictionFormat::kText, 20),
                   .max_shift = static_cast<int>(random.Between(1, 3))};
  // Half of the contests wait for witnesses.
  if (random.OneIn(2)) {
    const int count = static_cast<int>(random.Between(1, 3));
    for (int n = 1; n <= count; ++n)
      policy.witnesses.verifiers.push_back(testing::TestWitness(n).verifier());
    policy.witnesses.quorum = count / 2 + 1;
    policy.witnesses.blinding = *BlinderOf(policy, 0).blinding();
  }
  policy.limits.wall_ms = 600'000 / random.Between(1, 5);
  policy.limits.cpu_seconds = 20;
  policy.limits.output_bytes = 4096;
  policy.limits.program_bytes = 16'000;
  return policy;
}

}  // namespace

NoteSigner LedgerSigner() {
  static const NoteSigner signer =
      Must(NoteSigner::Create("vault.example/simulation", testing::TestKey(3)));
  return signer;
}

log::Blinder BlinderOf(const contest::Policy& policy, int64_t round,
                       const std::optional<log::Nonce>& chain) {
  if (!policy.witnesses.asked()) return {};
  const Digest secret = Sha256(
      Must(LedgerSigner().Sign(absl::StrFormat("pinhole blinding v1\n%s\n%s\n", policy.contest,
                                               chain.has_value() ? HexEncode(*chain) : "-"))));
  return log::Blinder(log::BlindingAt(secret, policy.rounds.count, round));
}

const SigningKey& PublicWorld::TeamKey(int team) const {
  static const std::vector<SigningKey> keys = Keys(10);
  return keys[static_cast<size_t>(team)];
}

pipe::JoinRequest PublicWorld::Join(int team) const {
  static const std::vector<SigningKey> once_keys = Keys(100);
  static const SigningKey organizer = testing::TestKey(1);
  const SigningKey& once = once_keys[static_cast<size_t>(team)];
  return pipe::SignJoin(once, TeamKey(team),
                        pipe::SignInvitation(organizer, policy.contest,
                                             absl::StrFormat("team-%d", team), once.public_key()));
}

PublicWorld MakePublicWorld(uint64_t seed) {
  Random random = Random(seed).Branch(1);
  static const std::string dataset = DatasetBytes();
  PublicWorld world{.policy = MakePolicy(random), .dataset_entry = dataset};
  world.policy_entry = PolicyBytes(world.policy);
  world.policy_digest = Sha256(world.policy_entry);
  // One team too many, at times: somebody finds no place.
  world.team_count = world.policy.release.teams + static_cast<int>(random.Below(2));
  const int64_t outages = random.Below(3);
  for (int64_t i = 0; i < outages; ++i) {
    world.outages.push_back({.round = random.Between(2, world.policy.rounds.count),
                             .delay_ms = random.Below(1'500'000),
                             .asked = random.OneIn(4)});
  }
  std::sort(world.outages.begin(), world.outages.end(),
            [](const Outage& a, const Outage& b) { return a.round < b.round; });
  return world;
}

}  // namespace pinhole::simulation
