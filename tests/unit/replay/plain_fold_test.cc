// The fast fold and a plain one agree over random ledgers and random changes of them.
#include "tests/unit/replay/plain_fold.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_format.h"
#include "server/core/counting/acts.h"
#include "server/core/replay/ledger_state.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::replay {
namespace {

constexpr int kSeeds = 1'000;

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  int Below(int end) { return static_cast<int>(engine_() % static_cast<uint64_t>(end)); }
  bool OneIn(int n) { return Below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

contest::Policy RandomPolicy(Dice& dice) {
  contest::Policy policy = testing::DemoPolicy();
  if (dice.OneIn(5)) policy.release.rule = contest::ReleaseRule::kEveryScore;
  if (dice.OneIn(3)) policy.release.rule = contest::ReleaseRule::kRecords;
  policy.release.final_rule = static_cast<contest::FinalRule>(dice.Below(4));
  const bool improvements = policy.release.rule != contest::ReleaseRule::kEveryScore;
  policy.release.tries = 1 + dice.Below(6);
  policy.release.shown_scores = improvements ? 1 + dice.Below(policy.release.tries) : 0;
  policy.release.shown_failures = improvements ? dice.Below(policy.release.tries + 1) : 0;
  policy.release.min_gain = improvements ? 1 + dice.Below(3) : 1;
  policy.release.tries_per_day = dice.OneIn(3) ? 1 + dice.Below(3) : 0;
  policy.release.waiting = 1 + dice.Below(3);
  policy.release.teams = 1 + dice.Below(4);
  policy.rounds.lanes = 1 + dice.Below(3);
  policy.rounds.count = 6 + dice.Below(30);
  policy.rounds.max_shift = 5;
  if (dice.OneIn(3)) testing::AskWitnesses(policy, 3, 2);
  policy.release.acts_thousandths = 6'000 + dice.Below(30'000);
  return policy;
}

bool MayPay(const Contest& contest, counting::Bits charge) {
  const contest::Policy& policy = contest.policy.policy;
  return contest.acts_used + charge + counting::StopCharge(policy) <=
         counting::Bits{policy.release.acts_thousandths};
}

// Nothing when the random policy is none that the ledger takes.
std::vector<std::string> RandomLedger(Dice& dice) {
  testing::LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  const contest::Policy policy = RandomPolicy(dice);
  {
    testing::LedgerBuilder trial;
    trial.Start();
    trial.Dataset();
    if (!trial.TryOpen(policy).ok()) return {};
  }
  builder.OpenContest(policy);
  std::vector<std::string> names;
  bool closing = false;
  while (builder.contest().last_round < policy.rounds.count) {
    const Contest& contest = builder.contest();
    if (closing && contest.due.empty()) break;
    if (dice.OneIn(40) && MayPay(contest, counting::Bits{0})) {
      builder.Stop();
      break;
    }
    if (dice.OneIn(12) && MayPay(contest, counting::ShiftCharge(policy)))
      builder.Shift(1 + dice.Below(5));
    if (dice.OneIn(6) && !contest.teams.empty() &&
        MayPay(contest, counting::TeamActCharge(policy))) {
      const Team& team =
          contest.teams[static_cast<size_t>(dice.Below(static_cast<int>(contest.teams.size())))];
      builder.ActOnTeam(team.disqualified ? log::ActKind::kReinstate : log::ActKind::kDisqualify,
                        team.entry.name);
    }
    if (dice.OneIn(7) && MayPay(contest, counting::TightenCharge(policy))) {
      const auto kind =
          static_cast<log::ActKind>(static_cast<int>(log::ActKind::kLowerTries) + dice.Below(3));
      const int now = contest.next_limits.Of(*log::LimitOf(kind));
      if (now > 0) builder.Lower(kind, dice.OneIn(2) ? now - 1 : dice.Below(now));
    }
    if (dice.OneIn(9)) builder.Start(static_cast<uint8_t>(20 + contest.last_round));
    if (contest.stopped) break;
    builder.Release();
    if (!closing && static_cast<int>(names.size()) < policy.release.teams && dice.OneIn(2)) {
      names.push_back(absl::StrFormat("team-%d", names.size()));
      builder.Join(names.back());
    }
    for (int i = dice.Below(4); i > 0 && !closing && !names.empty(); --i) {
      const std::string& name =
          names[static_cast<size_t>(dice.Below(static_cast<int>(names.size())))];
      const Team& team = *contest.FindTeam(name);
      const bool may = !team.disqualified && team.tries_used < contest.limits.tries &&
                       team.waiting < policy.release.waiting &&
                       (policy.release.tries_per_day == 0 ||
                        TriesOfDay(contest, team) < policy.release.tries_per_day) &&
                       contest.queue.Peek(contest.NextRound()) <= policy.rounds.count;
      if (!may) continue;
      const int levels = policy.scoring.scale.level_count();
      builder.Admit(name, dice.OneIn(4) ? std::nullopt : std::optional(dice.Below(levels + 1)),
                    dice.OneIn(4) ? std::optional(dice.Below(levels)) : std::nullopt);
    }
    if (!names.empty() && policy.release.final_rule != contest::FinalRule::kNone && dice.OneIn(3)) {
      const std::string& name =
          names[static_cast<size_t>(dice.Below(static_cast<int>(names.size())))];
      const Team& team = *contest.FindTeam(name);
      std::optional<int64_t> admit;
      if (!team.admissions.empty() && !dice.OneIn(4)) {
        admit = team.admissions[static_cast<size_t>(
            dice.Below(static_cast<int>(team.admissions.size())))];
      }
      if (!team.disqualified && admit != team.choice &&
          (!admit.has_value() || MayChoose(contest, team, *admit))) {
        builder.Choose(name, admit);
      }
    }
    if (!closing && dice.OneIn(25) && MayPay(contest, counting::CloseEarlyCharge(policy))) {
      builder.CloseEarly();
      closing = true;
    }
    builder.EndRound();
  }
  if (builder.contest().due.empty()) {
    if (!builder.contest().stopped) builder.Final();
    builder.Close();
  }
  return builder.entries();
}

std::string Changed(std::string entry, Dice& dice) {
  const int words = static_cast<int>(entry.find_last_not_of(" \n")) + 1;
  char& one = entry[static_cast<size_t>(
      dice.Below(dice.OneIn(8) ? static_cast<int>(entry.size()) : words))];
  // A digit to its neighbour keeps most entries well formed, so that rules, not spellings, refuse.
  if (one >= '0' && one <= '9' && !dice.OneIn(4)) {
    one = static_cast<char>('0' + (one - '0' + (dice.OneIn(2) ? 1 : 9)) % 10);
  } else {
    one = static_cast<char>(dice.OneIn(8) ? dice.Below(256) : 32 + dice.Below(95));
  }
  return entry;
}

// Entries left out, doubled, exchanged and changed.
std::vector<std::string> Mutated(const std::vector<std::string>& ledger, Dice& dice) {
  std::vector<std::string> out;
  for (const std::string& entry : ledger) {
    switch (dice.Below(40)) {
      case 0:
        break;
      case 1:
        out.push_back(entry);
        out.push_back(entry);
        break;
      case 2:
        out.push_back(entry);
        if (out.size() > 1) std::swap(out[out.size() - 1], out[out.size() - 2]);
        break;
      case 3:
        out.push_back(ledger[static_cast<size_t>(dice.Below(static_cast<int>(ledger.size())))]);
        out.push_back(entry);
        break;
      default:
        // A wrong one before the right one, which must find the state as it was.
        if (dice.OneIn(3)) out.push_back(Changed(entry, dice));
        out.push_back(entry);
    }
  }
  return out;
}

void ExpectSame(const LedgerState& fast, const PlainFold& plain) {
  ASSERT_EQ(fast.size(), static_cast<int64_t>(plain.size()));
  ASSERT_EQ(fast.Root(), plain.Root());
  const Contest* contest = fast.Find("demo");
  const std::vector<PlainTeam> teams = plain.Teams();
  if (contest == nullptr) {
    EXPECT_TRUE(teams.empty());
    return;
  }
  EXPECT_EQ(contest->last_round, plain.LastRound());
  EXPECT_EQ(contest->phase == Phase::kClosed, plain.Closed());
  EXPECT_EQ(contest->acts_used, plain.ActsUsed());
  EXPECT_EQ(contest->must_stop, plain.MustStop());
  EXPECT_EQ(contest->charged, plain.Charged());
  EXPECT_EQ(contest->final_charged, plain.FinalCharged());
  EXPECT_EQ(contest->shared, plain.Shared());
  EXPECT_EQ(contest->queue.Peek(contest->NextRound()), plain.RunRound(contest->NextRound()));
  ASSERT_EQ(contest->teams.size(), teams.size());
  for (size_t i = 0; i < teams.size(); ++i) {
    const Team& team = contest->teams[i];
    EXPECT_EQ(team.entry, teams[i].entry);
    EXPECT_EQ(team.state, teams[i].state);
    EXPECT_EQ(team.charged, plain.ChargedOf(team.entry.number));
    EXPECT_EQ(team.tries_used, teams[i].tries);
    EXPECT_EQ(team.waiting, teams[i].waiting);
    EXPECT_EQ(team.best_level, teams[i].best_level);
    EXPECT_EQ(team.best_admit, teams[i].best_admit);
    EXPECT_EQ(team.disqualified, teams[i].disqualified);
    EXPECT_EQ(team.choice, teams[i].choice);
    EXPECT_EQ(team.choices, teams[i].choices);
    if (contest->phase != Phase::kClosed) {
      EXPECT_EQ(team.JudgedBy(), teams[i].judged_by);
    }
  }
}

// Of what was released nothing stays but ids, and those only until the end.
void ExpectForgotten(const LedgerState& state) {
  const Contest* contest = state.Find("demo");
  if (contest == nullptr) return;
  EXPECT_EQ(static_cast<int64_t>(contest->admissions.size()), contest->Waiting());
  EXPECT_TRUE(contest->requests.empty());
  const bool closed = contest->phase == Phase::kClosed;
  EXPECT_EQ(static_cast<int64_t>(contest->used_ids.size()), closed ? 0 : contest->Tries());
  for (const Team& team : contest->teams) {
    EXPECT_TRUE(team.admissions.empty());
    EXPECT_LE(static_cast<int>(team.day_rounds.size()),
              contest->policy.policy.release.tries_per_day);
  }
}

struct Tally {
  int lowered = 0;  // limits
  int chosen = 0;   // final places by a choice that is not the best
  int taken = 0;
  int malformed = 0;
  int refused = 0;
  int exhausted = 0;
};

void Compare(const std::vector<std::string>& entries, Tally& tally) {
  LedgerState fast;
  LedgerState forgetful(Keep::kWhatTheRulesNeed);
  PlainFold plain;
  for (const std::string& entry : entries) {
    const absl::Status by_fast = fast.Apply(entry);
    const absl::Status by_plain = plain.Apply(entry);
    ASSERT_EQ(forgetful.Apply(entry), by_fast) << entry;
    ASSERT_EQ(by_fast.code(), by_plain.code()) << by_fast << "\n" << by_plain << "\n" << entry;
    tally.taken += by_fast.ok() ? 1 : 0;
    tally.malformed += absl::IsInvalidArgument(by_fast) ? 1 : 0;
    tally.refused += absl::IsFailedPrecondition(by_fast) ? 1 : 0;
    tally.exhausted += absl::IsResourceExhausted(by_fast) ? 1 : 0;
  }
  if (const Contest* contest = fast.Find("demo"); contest != nullptr) {
    tally.lowered += contest->limits == counting::LimitsOf(contest->policy.policy) ? 0 : 1;
    for (const log::FinalEntry& place : contest->finals) {
      const Team& team = contest->teams[static_cast<size_t>(place.team - 1)];
      tally.chosen += place.admit == team.best_admit ? 0 : 1;
    }
  }
  ExpectSame(fast, plain);
  ExpectSame(forgetful, plain);
  ExpectForgotten(forgetful);
}

TEST(PlainFold, AgreesWithTheFastOneOverRandomLedgers) {
  Tally whole;
  Tally mutated;
  int ledgers = 0;
  for (uint64_t seed = 1; ledgers < kSeeds; ++seed) {
    ASSERT_LT(seed, 10 * kSeeds) << "too few random policies are valid";
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const std::vector<std::string> ledger = RandomLedger(dice);
    if (ledger.empty()) continue;
    ++ledgers;
    Compare(ledger, whole);
    Compare(Mutated(ledger, dice), mutated);
    if (HasFailure()) return;
  }
  EXPECT_EQ(whole.malformed + whole.refused + whole.exhausted, 0) << "valid ledgers are taken";
  std::printf("%d ledgers: %d entries; changed: %d taken, %d malformed, %d refused, %d exhausted\n",
              ledgers, whole.taken, mutated.taken, mutated.malformed, mutated.refused,
              mutated.exhausted);
  std::printf("%d with lower limits; %d places by a choice that is not the best\n", whole.lowered,
              whole.chosen);
  EXPECT_GT(whole.lowered, kSeeds / 10);
  EXPECT_GT(whole.chosen, kSeeds / 100);
  // Each kind of answer is met, or the changes prove little.
  EXPECT_GT(mutated.taken, kSeeds);
  EXPECT_GT(mutated.malformed, kSeeds);
  EXPECT_GT(mutated.refused, kSeeds);
}

}  // namespace
}  // namespace pinhole::replay
