#include "tests/support/busy_ledger.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "absl/strings/str_format.h"

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
  const auto encoded = log::Encode(entry);
  if (encoded.ok() && builder.Append(*encoded).ok()) return;
  std::fprintf(stderr, "the DATASET entry is refused\n");
  std::abort();
}

void Fill(LedgerBuilder& builder, int64_t end) {
  uint64_t noise = 1;
  for (int64_t number = 0; builder.state().size() < end; ++number) {
    builder.Release();
    for (int place = 0; place < kPlaces; ++place) {
      noise = noise * 6364136223846793005 + 1442695040888963407;
      const auto draw = static_cast<int>(noise >> 33);
      const std::optional<int> level =
          draw % 20 == 0 ? std::nullopt : std::optional(draw / 20 % 201);
      builder.Admit(absl::StrFormat("team-%d", (number * kPlaces + place) % kTeams), level);
    }
    builder.EndRound();
  }
  builder.Round();
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
    builder.Release();
    builder.CloseEarly();
    builder.EndRound();
    builder.Close();
  }
  return builder;
}

}  // namespace pinhole::testing
