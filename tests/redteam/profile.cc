#include "tests/redteam/profile.h"

#include "tests/redteam/arena.h"

namespace pinhole::redteam {
namespace {

constexpr int64_t kGuesses = 1536;

int64_t Secrets(Profile profile) { return profile == Profile::kQuick ? 12 : 240; }

int64_t Guesses(Profile profile) { return profile == Profile::kQuick ? kGuesses : 16 * kGuesses; }

// A budget of a few bits, so that guesses at larger secrets come right often enough to be counted.
contest::Policy Small(int shown_scores, int shown_failures) {
  contest::Policy policy = ArenaPolicy(contest::ReleaseRule::kImprovements, 6, 3, 64);
  policy.release.shown_scores = shown_scores;
  policy.release.shown_failures = shown_failures;
  return policy;
}

}  // namespace

std::vector<OpenChannel> PositiveControls(Profile profile) {
  const int64_t trials = Secrets(profile);
  contest::Policy improvements = ArenaPolicy(contest::ReleaseRule::kImprovements, 51, 20, 12);
  improvements.release.shown_scores = 10;
  improvements.release.shown_failures = 3;
  contest::Policy records = ArenaPolicy(contest::ReleaseRule::kRecords, 51, 10, 3);
  records.release.shown_scores = 10;
  // The exchange of the last results closes the contest.
  contest::Policy with_final = ArenaPolicy(contest::ReleaseRule::kImprovements, 63, 12, 12);
  with_final.release.shown_scores = 8;
  with_final.release.final_rule = contest::FinalRule::kEveryTeam;
  with_final.rounds.count = with_final.release.tries + 2;
  return {
      PositiveControl("every-score: 20 tries, 51 levels",
                      ArenaPolicy(contest::ReleaseRule::kEveryScore, 51, 20, 12), trials, 1),
      PositiveControl("improvements: 20 tries, 51 levels, 10 scores, 3 failures", improvements,
                      trials, 2),
      PositiveControl("records: 3 teams that share a secret, 10 tries each, 51 levels, 10 records",
                      records, trials, 3),
      PositiveControl("improvements and a final board of every team: 12 tries, 63 levels, 8 scores",
                      with_final, trials, 7),
  };
}

std::vector<OpenChannel> GuessTests(Profile profile) {
  const int64_t trials = Guesses(profile);
  return {
      GuessTest("improvements: 3 tries, 6 levels, 2 scores", Small(2, 0), Small(2, 0), trials, 4),
      GuessTest("improvements: 3 tries, 6 levels, 3 scores, 1 failure", Small(3, 1), Small(3, 1),
                trials, 5),
  };
}

OpenChannel UncountedScores(Profile profile) {
  return GuessTest("improvements: 3 tries, 6 levels, 1 score", Small(1, 0), Small(3, 0),
                   Guesses(profile), 6);
}

}  // namespace pinhole::redteam
