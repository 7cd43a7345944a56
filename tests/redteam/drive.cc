// Plays trials of an attack in arenas and shows a decoder what is public of each.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"
#include "server/core/gate/gate.h"
#include "server/core/replay/board.h"
#include "server/core/replay/requests_check.h"
#include "tests/redteam/arena.h"
#include "tests/redteam/attacks.h"
#include "tests/redteam/meter.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::redteam {
namespace {

constexpr int kPairs = 8;  // trials at a time
constexpr int kRounds = 60;
constexpr int kLevels = 2 * kRounds + 31;

void Must(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "red team: not so: %s\n", what);
  std::abort();
}

// All that is public of one run, in words that compare from round to round.
struct Seen {
  bool there = false;  // it has its RESULT
  size_t length = 0;   // of the entry
  int place = 0;       // of its RESULT, counted from where its ADMIT's place says
  std::string text;    // the symbol; levels as above or below `base`
  int balance = 0;     // scores left, less what the symbols shown leave
  int64_t at_ms = 0;   // after the begin of the round
  std::string ToString() const {
    return absl::StrFormat("%d/%d/%d/%s/%d/%d;", there, length, place, text, balance, at_ms);
  }
};

std::string Relative(const counting::SymbolValue& symbol, int base,
                     const contest::LevelScale& scale) {
  return symbol.kind == counting::SymbolKind::kLevel ? absl::StrFormat("%+d", symbol.level - base)
                                                     : counting::SymbolText(symbol, scale);
}

class Drive {
 public:
  Drive(const Attack& attack, Mutant mutant)
      : attack_(attack), mutant_(mutant), arena_(PolicyOf(attack)) {}

  // `secrets` has kPairs bits for each round. Returns what is public of each trial.
  std::vector<std::string> Play(const std::vector<bool>& secrets, Random& noise);
  std::string PublicBytes() const { return arena_.PublicBytes(); }

 private:
  static contest::Policy PolicyOf(const Attack& attack) {
    contest::Policy policy = ArenaPolicy(contest::ReleaseRule::kImprovements, kLevels, 3 * kRounds,
                                         attack.one_team ? kPairs : 2 * kPairs);
    policy.release.shown_scores = 2 * kRounds + 5;
    policy.rounds.lanes = 4 * kPairs;
    return policy;
  }
  int TeamOf(size_t run) const { return static_cast<int>(attack_.one_team ? run / 2 : run); }

  std::vector<Submission> Submissions(int round) const;
  void EndRuns(const std::vector<Pair>& pairs);
  std::vector<std::string> Look(const std::vector<Pair>& pairs, int base,
                                const std::vector<std::string>& entries,
                                const std::vector<counting::TeamState>& before, int64_t at_ms);
  void Mutate(const Pair& pair, int base, const counting::TeamState& before,
              std::array<Seen, 2>& seen, std::string& beside) const;
  std::string Beside(size_t pair, const Pair& truth);
  std::string AdmissionAnswers(size_t pair) const;
  void Take(const std::vector<std::string>& entries);

  const Attack& attack_;
  const Mutant mutant_;
  Arena arena_;
  std::vector<int64_t> admits_;   // of the trials that run next, two a pair
  std::map<int64_t, int> again_;  // further ADMITs of the last exchange, by their team
  int second_answers_ = 0;        // rounds in which a second answer came
  std::vector<int64_t> extra_;    // their indices: they run, and mean nothing
};

std::vector<Submission> Drive::Submissions(int round) const {
  std::vector<Submission> all;
  for (size_t run = 0; run < 2 * kPairs; ++run)
    all.push_back({TeamOf(run), absl::StrFormat("round %d run %d", round, run)});
  return all;
}

// The ADMITs of an exchange, in order: first the trials', then what was submitted again.
void Drive::Take(const std::vector<std::string>& entries) {
  admits_.clear();
  again_.clear();
  extra_.clear();
  int64_t index = arena_.vault().ledger().size() - static_cast<int64_t>(entries.size());
  for (const std::string& bytes : entries) {
    const log::Entry entry = *log::ParseEntry(bytes);
    if (const auto* admit = std::get_if<log::AdmitEntry>(&entry)) {
      if (admits_.size() < 2 * kPairs) {
        admits_.push_back(index);
      } else {
        ++again_[admit->team - 1];
        extra_.push_back(index);
      }
    }
    ++index;
  }
  Must(admits_.size() == 2 * kPairs, "every trial's submissions are admitted");
}

// In the order in which they end, as the vault's lanes commit them.
void Drive::EndRuns(const std::vector<Pair>& pairs) {
  std::vector<size_t> order(2 * kPairs);
  std::iota(order.begin(), order.end(), 0);
  const auto run_of = [&](size_t run) -> const Run& { return pairs[run / 2][run % 2]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return run_of(a).wall_ms < run_of(b).wall_ms; });
  for (const size_t index : order) {
    const Run& run = run_of(index);
    if (!run.answered) continue;
    int level = run.level;
    if (mutant_ == Mutant::kLastAnswerCounts && run.second.has_value()) level = *run.second;
    const vault::RunEvidence evidence{.outcome = run.outcome, .wall_micros = 1000 * run.wall_ms};
    Must(arena_.vault()
             .CommitRun(admits_[index], AnswerOf(level, level < 0 ? level : run.final_level),
                        evidence)
             .ok(),
         "a run is committed once");
  }
  for (const int64_t admit : extra_)
    Must(arena_.vault().CommitRun(admit, AnswerOf(-1, -1), {}).ok(), "so is any other");
  bool again = false;
  for (size_t index = 0; index < 2 * kPairs; ++index) again |= run_of(index).second.has_value();
  if (!again || mutant_ == Mutant::kLastAnswerCounts) return;
  // A second answer comes, at times to a vault that was killed and began anew; not always, since
  // each beginning reads the whole ledger.
  if (second_answers_++ % 15 == 14) arena_.Reopen();
  for (size_t index = 0; index < 2 * kPairs; ++index) {
    const Run& run = run_of(index);
    if (!run.second.has_value()) continue;
    const absl::Status second =
        arena_.vault().CommitRun(admits_[index], AnswerOf(*run.second, 0), {});
    Must(absl::IsAlreadyExists(second), "a second answer is refused");
  }
}

// What the front, which has the ledger alone, says to a script of requests of the first team.
std::string Drive::AdmissionAnswers(size_t pair) const {
  std::string answers;
  const int team = TeamOf(2 * pair);
  pipe::SubmitRequest good = arena_.Request({team, "a further program"}, 1'000'000);
  pipe::SubmitRequest other_policy = good;
  other_policy.policy = Sha256("another policy");
  pipe::SubmitRequest large = good;
  large.program_bytes = int64_t{1} << 40;
  pipe::SubmitRequest outside = good;
  outside.show_below = kLevels + 1;
  for (const pipe::SubmitRequest& request : {good, other_policy, large, outside}) {
    const auto plan = replay::PlanAdmit(arena_.ledger(), request, Digest{});
    answers += plan.ok() ? absl::StrFormat("runs in %d,", plan->run_round - plan->round)
                         : absl::StrFormat("%s,", plan.status().ToString());
  }
  return answers;
}

// What is public of a pair beside its RESULTs.
std::string Drive::Beside(size_t pair, const Pair& truth) {
  const std::string first = absl::StrFormat("team-%d", TeamOf(2 * pair));
  const std::string second = absl::StrFormat("team-%d", TeamOf(2 * pair + 1));
  std::string order;
  for (const replay::BoardRow& row : replay::MakeBoard(arena_.contest())) {
    if (row.team == first) order += "first ";
    if (row.team == second) order += "second ";
  }
  if (mutant_ == Mutant::kTiesByFinish)
    order = truth[0].wall_ms < truth[1].wall_ms ? "first second " : "second first ";
  const auto more = again_.find(TeamOf(2 * pair));
  return absl::StrFormat("%s%d;%s", order, more == again_.end() ? 0 : more->second,
                         attack_.number == std::string_view("A7") ? AdmissionAnswers(pair) : "");
}

void Drive::Mutate(const Pair& pair, int base, const counting::TeamState& before,
                   std::array<Seen, 2>& seen, std::string& beside) const {
  const contest::Policy& policy = arena_.policy();
  const contest::LevelScale& scale = policy.scoring.scale;
  for (size_t i = 0; i < 2; ++i) {
    const Run& run = pair[i];
    if (mutant_ == Mutant::kReasonShown && run.level < 0)
      seen[i].text = vault::OutcomeWord(run.outcome);
    if (mutant_ == Mutant::kNoResultOfACrash && !run.answered) seen[i] = Seen{};
    if (mutant_ == Mutant::kReleasedAtCompletion) seen[i].at_ms = run.wall_ms;
    if (mutant_ == Mutant::kBalanceByOutcome && run.level >= 0) --seen[i].balance;
    if (mutant_ == Mutant::kExactScoreAsText)
      seen[i].text = absl::StrFormat("%.6f", 0.5 + static_cast<double>(run.wall_ms) * 1e-6);
    if (mutant_ == Mutant::kUnpadded && run.level >= 0)
      seen[i].length = FormatMillionths(scale.ValueOf(run.level)).size();
  }
  if (mutant_ == Mutant::kStartsWhenOthersEnd &&
      pair[0].wall_ms + pair[1].wall_ms > policy.rounds.run_window_ms) {
    seen[1].at_ms += policy.rounds.length_ms;
  }
  if (mutant_ == Mutant::kFailedRunIsNoTry && pair[0].level < 0) beside += "a try more";
  if (mutant_ == Mutant::kRescored && pair[0].second.has_value())
    beside += absl::StrFormat("now %d", *pair[0].second);
  if (mutant_ == Mutant::kGateAtCompletion) {
    counting::TeamState state = before;
    const size_t first = pair[0].wall_ms <= pair[1].wall_ms ? 0 : 1;
    for (const size_t i : {first, 1 - first}) {
      const gate::Symbol symbol =
          gate::Decide(policy, state, std::nullopt, testing::LevelOfIndex(pair[i].level, kLevels));
      state = *counting::StateAfter(policy, state, symbol.value());
      seen[i].text = Relative(symbol.value(), base, scale);
    }
  }
}

std::vector<std::string> Drive::Look(const std::vector<Pair>& pairs, int base,
                                     const std::vector<std::string>& entries,
                                     const std::vector<counting::TeamState>& before,
                                     int64_t at_ms) {
  const contest::Policy& policy = arena_.policy();
  std::map<int64_t, Seen> by_admit;
  std::vector<counting::TeamState> states = before;  // as the symbols shown leave them
  int place = 0;
  for (const std::string& bytes : entries) {
    const log::Entry entry = *log::ParseEntry(bytes);
    const auto* result = std::get_if<log::ResultEntry>(&entry);
    if (result == nullptr) continue;
    counting::TeamState& state = states[static_cast<size_t>(result->team - 1)];
    state = *counting::StateAfter(policy, state, result->symbol);
    by_admit[result->admit] = {.there = true,
                               .length = bytes.size(),
                               .place = place++,
                               .text = Relative(result->symbol, base, policy.scoring.scale),
                               .balance = result->after.scores - state.scores,
                               .at_ms = at_ms};
  }
  std::vector<std::string> views;
  for (size_t pair = 0; pair < kPairs; ++pair) {
    std::array<Seen, 2> seen;
    for (size_t i = 0; i < 2; ++i) {
      seen[i] = by_admit[admits_[2 * pair + i]];
      seen[i].place -= static_cast<int>(2 * pair + i);
    }
    views.push_back("");
    Mutate(pairs[pair], base, before[static_cast<size_t>(TeamOf(2 * pair))], seen, views.back());
    views.back() += seen[0].ToString() + seen[1].ToString();
  }
  return views;
}

std::vector<std::string> Drive::Play(const std::vector<bool>& secrets, Random& noise) {
  SetGate(mutant_ == Mutant::kGateOpen ? GateMode::kShipped : attack_.gate);
  std::vector<std::string> views;
  Take(arena_.Exchange(Submissions(0)));
  for (int round = 0; round < kRounds; ++round) {
    const int base = kLevels - 1 - 2 * round;
    std::vector<Pair> pairs;
    for (size_t pair = 0; pair < kPairs; ++pair)
      pairs.push_back(
          attack_.play(secrets[static_cast<size_t>(round) * kPairs + pair], base, noise));
    EndRuns(pairs);
    std::vector<counting::TeamState> before;
    for (const replay::Team& team : arena_.contest().teams) before.push_back(team.state);
    const int64_t at_ms = arena_.CrossesAfterMs();
    std::vector<Submission> next = Submissions(round + 1);
    if (attack_.number == std::string_view("A12")) {
      for (size_t pair = 0; pair < kPairs; ++pair) {
        Submission again = Submissions(round)[2 * pair];
        if (mutant_ == Mutant::kRunsAgainAfterACrash && pairs[pair][0].level < 0)
          again.program += " again";
        next.push_back(again);
      }
    }
    const std::vector<std::string> entries = arena_.Exchange(next);
    const std::vector<std::string> seen = Look(pairs, base, entries, before, at_ms);
    Take(entries);
    for (size_t pair = 0; pair < kPairs; ++pair)
      views.push_back(seen[pair] + Beside(pair, pairs[pair]));
  }
  SetGate(GateMode::kShipped);
  return views;
}

std::vector<bool> Secrets(Random& random) {
  std::vector<bool> secrets;
  for (int i = 0; i < kRounds * kPairs; ++i) secrets.push_back((random() >> 17 & 1) != 0);
  return secrets;
}

}  // namespace

Measured Measure(const Attack& attack, Mutant mutant, int64_t trials, uint64_t seed) {
  Random random(seed);
  Random noise(~seed);
  LearningDecoder decoder;
  while (decoder.trials() < trials) {
    const std::vector<bool> secrets = Secrets(random);
    const std::vector<std::string> views = Drive(attack, mutant).Play(secrets, noise);
    for (size_t i = 0; i < views.size(); ++i) decoder.Try(views[i], secrets[i]);
  }
  return {.trials = decoder.trials(),
          .successes = decoder.successes(),
          .rate = decoder.rate(),
          .information = decoder.information(),
          .alarm = Alarm(decoder.successes(), decoder.trials()),
          .views = decoder.views()};
}

bool SameBytesForTheOtherSecrets(const Attack& attack, uint64_t seed) {
  Random random(seed);
  std::vector<bool> secrets = Secrets(random);
  std::array<std::string, 2> bytes;
  for (std::string& all : bytes) {
    Random noise(seed);
    Drive drive(attack, Mutant::kNone);
    drive.Play(secrets, noise);
    all = drive.PublicBytes();
    secrets.flip();
  }
  return bytes[0] == bytes[1];
}

}  // namespace pinhole::redteam
