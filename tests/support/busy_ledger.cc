#include "tests/support/busy_ledger.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "absl/strings/str_format.h"
#include "server/core/gate/gate.h"
#include "server/core/replay/requests_check.h"

namespace pinhole::testing {
namespace {

constexpr int kTeams = 80;
constexpr int kPlaces = 40;

contest::Policy BusyPolicy(int64_t number, int64_t entries) {
  const int64_t tries = std::max<int64_t>(entries / (2 * kTeams) + 1, 20);
  contest::Policy policy = DemoPolicy();
  policy.contest = absl::StrFormat("busy-%d", number);
  policy.scoring.scale = {.best = 800'000, .worst = 1'800'000, .step = 5'000};
  policy.release.rule = contest::ReleaseRule::kImprovements;
  policy.release.tries = static_cast<int>(tries);
  policy.release.shown_scores = 20;
  policy.release.shown_failures = 5;
  policy.release.waiting = 2;
  policy.release.teams = kTeams;
  policy.release.acts_thousandths = 64'000;
  policy.rounds.count = 5 * tries;
  policy.rounds.lanes = kPlaces;
  return policy;
}

void Append(LedgerBuilder& builder, const absl::StatusOr<log::EncodedEntry>& entry) {
  const absl::Status status = entry.ok() ? builder.Append(*entry) : entry.status();
  if (status.ok()) return;
  std::fprintf(stderr, "busy ledger: %s\n", status.ToString().c_str());
  std::abort();
}

// With a budget that holds the busy contests.
void AppendDataset(LedgerBuilder& builder) {
  const SigningKey owner = TestKey(2);
  const auto shape = contest::ParseShape("rows(id:i64,y:f64)", "rows", "y");
  log::DatasetEntry entry{.dataset = "rows",
                          .shape = *shape,
                          .train_rows = 80'000,
                          .public_rows = 10'000,
                          .final_rows = 10'000,
                          .declassified = counting::Bits::Whole(96),
                          .budget = counting::Bits::Whole(1'000'000),
                          .commitment = Sha256("data"),
                          .owner = owner.public_key()};
  entry.signature = owner.Sign(log::DatasetStatement(entry));
  Append(builder, log::Encode(entry));
}

// The ledger holds a hash of each request's signature and nobody can check it there: making as many
// signatures would take most of the time.
void Admit(LedgerBuilder& builder, int team) {
  const Digest noise = Sha256(absl::StrFormat("request %d", builder.state().size()));
  pipe::SubmitRequest request{
      .contest = builder.contest().policy.policy.contest,
      .policy = builder.contest().policy_digest,
      .team_key = builder.contest().teams[static_cast<size_t>(team)].entry.key,
      .program_bytes = 10'000};
  std::copy_n(noise.begin(), request.request_id.size(), request.request_id.begin());
  const auto entry = replay::PlanAdmit(builder.state(), request, noise);
  Append(builder, entry.ok() ? log::Encode(*entry) : entry.status());
}

void Release(LedgerBuilder& builder, uint64_t& noise) {
  const replay::Contest& contest = builder.contest();
  const auto due = contest.due.find(contest.NextRound());
  if (due == contest.due.end()) return;
  const std::vector<int64_t> admits = due->second;
  const int levels = contest.policy.policy.scoring.scale.level_count();
  for (const int64_t admit : admits) {
    noise = noise * 6364136223846793005 + 1442695040888963407;
    const auto draw = static_cast<int>(noise >> 33);
    const std::optional<score::Level> level =
        draw % 20 == 0 ? std::nullopt : LevelOfIndex(draw / 20 % (levels + 1), levels);
    Append(builder, gate::Release(contest, contest.admissions.at(admit), level));
  }
}

void Fill(LedgerBuilder& builder, int64_t end) {
  uint64_t noise = 1;
  for (int turn = 0; builder.state().size() < end; ++turn) {
    Release(builder, noise);
    for (int place = 0; place < kPlaces; ++place) Admit(builder, (turn * kPlaces + place) % kTeams);
    builder.EndRound();
  }
  Release(builder, noise);
  builder.EndRound();
}

}  // namespace

LedgerBuilder BusyLedger(int64_t entries, int64_t contests) {
  LedgerBuilder builder;
  builder.Start();
  AppendDataset(builder);
  for (int64_t number = 1; number <= contests; ++number) {
    builder.OpenContest(BusyPolicy(number, entries / contests));
    for (int team = 0; team < kTeams; ++team) builder.Join(absl::StrFormat("team-%d", team));
    builder.EndRound();
    Fill(builder, entries * number / contests);
    if (number == contests) break;
    builder.CloseEarly();
    builder.EndRound();
    builder.Close();
  }
  return builder;
}

}  // namespace pinhole::testing
