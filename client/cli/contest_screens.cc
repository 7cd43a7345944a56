#include "client/cli/contest_screens.h"

#include "absl/strings/str_format.h"
#include "client/cli/freshness.h"
#include "client/cli/table.h"
#include "server/core/base/text.h"
#include "server/core/replay/board.h"

namespace pinhole::cli {
namespace {

using contest::Policy;

std::string Plain(std::string_view text) { return std::string(text); }

std::string RoleOf(const contest::Column& column, const contest::DataShape& shape) {
  if (column.name == shape.label) return "the label to predict";
  return column.name == shape.weight ? "how much a row counts" : "";
}

std::string DataText(const log::DatasetEntry& data) {
  std::string text = absl::StrFormat(
      "DATA     %s version %d: %s to train on, %s to predict (%d for the board, %d "
      "for the final)\n",
      data.dataset, data.version, Count(data.train_rows, "row", "rows"),
      Count(data.public_rows + data.final_rows, "row", "rows"), data.public_rows, data.final_rows);
  std::vector<std::vector<std::string>> rows;
  for (const contest::Table& table : data.shape.tables) {
    for (const contest::Column& column : table.columns) {
      const bool target = table.name == data.shape.target;
      rows.push_back(
          {table.name + "." + column.name, Plain(ColumnTypeName(column.type)),
           column.range.has_value()
               ? absl::StrFormat("%s to %s", FormatRangeEnd(column.type, column.range->low),
                                 FormatRangeEnd(column.type, column.range->high))
               : "",
           target ? RoleOf(column, data.shape) : ""});
    }
  }
  return text + FormatTable(rows, 9);
}

std::string ScoreText(const contest::Scoring& scoring) {
  const contest::LevelScale& scale = scoring.scale;
  return absl::StrFormat(
      "SCORE    %s, %s is better; predictions as %s, clipped to %s … %s%s\n"
      "         shown from %s (best) to %s (worst) in steps of %s: %s\n",
      Name(scoring.metric), HigherIsBetter(scoring.metric) ? "higher" : "lower",
      Name(scoring.format), FormatMillionths(scoring.range_low),
      FormatMillionths(scoring.range_high),
      scoring.weights == contest::RowWeights::kColumn ? "; rows count by their weight" : "",
      FormatMillionths(scale.best), FormatMillionths(scale.worst), FormatMillionths(scale.step),
      Count(scale.level_count(), "level", "levels"));
}

std::string FinalRuleText(contest::FinalRule rule) {
  switch (rule) {
    case contest::FinalRule::kNone:
      break;
    case contest::FinalRule::kWinner:
      return "which team is best, by its best shown submission or the one it chooses";
    case contest::FinalRule::kTop3:
      return "which three teams are best, in order, by their best shown submissions or those "
             "they choose";
    case contest::FinalRule::kEveryTeam:
      return "the score of each team's best shown submission, or of the one it chooses";
  }
  return "nothing";
}

// The places as they were shown; empty before the end.
std::string FinalsText(const replay::Contest& contest) {
  if (contest.finals.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"FINAL", "TEAM", "SCORE"}};
  for (const log::FinalEntry& place : contest.finals) {
    const bool ranks = !place.level.has_value();
    rows.push_back({ranks ? absl::StrFormat("%d", place.place) : "-",
                    contest.teams[static_cast<size_t>(place.team - 1)].entry.name, place.text});
  }
  return FormatTable(rows, 0);
}

std::string ReleaseText(const contest::Release& release) {
  std::string text =
      absl::StrFormat("SHOWN    rule %s; %s a team%s, %d waiting at the most\n", Name(release.rule),
                      Count(release.tries, "try", "tries"),
                      release.tries_per_day > 0
                          ? absl::StrFormat(", %d in any 24 h of rounds", release.tries_per_day)
                          : "",
                      release.waiting);
  if (release.rule == contest::ReleaseRule::kEveryScore) {
    text +=
        "         each submission shows its score, or FAILED: failed, or worse than worst, or not\n"
        "         better than its own --show-below\n";
  } else {
    const bool shared = release.rule == contest::ReleaseRule::kRecords;
    text += absl::StrFormat(
        "         a score, when it beats %s by %s: at most %d times%s\n"
        "         FAILED, when the run failed: at most %s\n"
        "         NOT_IMPROVED in every other case\n",
        shared ? "the best shown of all teams" : "the team's best shown",
        Count(release.min_gain, "level", "levels"), release.shown_scores, shared ? " in all" : "",
        Count(release.shown_failures, "time", "times"));
  }
  return text + "         of the final set: " + FinalRuleText(release.final_rule) + "\n";
}

// What the organizer's acts lowered; nothing when they did not.
std::string LoweredText(const replay::Contest& contest) {
  const counting::Limits policy = counting::LimitsOf(contest.policy.policy);
  std::string text;
  const auto add = [&](const char* what, int was, int now) {
    if (now < was)
      text += absl::StrFormat("%s%s %d instead of %d", text.empty() ? "" : ", ", what, now, was);
  };
  add("tries", policy.tries, contest.limits.tries);
  add("shown scores", policy.shown_scores, contest.limits.shown_scores);
  add("shown failures", policy.shown_failures, contest.limits.shown_failures);
  if (text.empty()) return "";
  return absl::StrFormat("         lowered by the organizer: %s\n", text);
}

std::string RoundsText(const replay::Contest& contest, const absl::TimeZone& zone) {
  const contest::Rounds& rounds = contest.policy.policy.rounds;
  return absl::StrFormat(
      "ROUNDS   every %s: %s to run, then the exchange; %s at a time; %d rounds, the last ends "
      "%s\n",
      SpanText(rounds.length_ms), SpanText(rounds.run_window_ms),
      Count(rounds.lanes, "run", "runs"), rounds.count,
      TimeText(contest.Clock().EndMs(rounds.count), zone));
}

std::string LimitsText(const contest::Limits& limits) {
  return absl::StrFormat(
      "LIMITS   %s wall, %d s CPU, %s memory, %s, %s output, %s scratch, %s program\n",
      SpanText(limits.wall_ms), limits.cpu_seconds, ByteText(limits.memory_bytes),
      Count(limits.threads, "thread", "threads"), ByteText(limits.output_bytes),
      ByteText(limits.scratch_bytes), ByteText(limits.program_bytes));
}

// Nothing when nobody is asked.
std::string WitnessesText(const contest::Witnesses& witnesses) {
  if (!witnesses.asked()) return "";
  std::string names;
  for (const WitnessVerifier& one : witnesses.verifiers)
    names += (names.empty() ? "" : ", ") + one.name();
  return absl::StrFormat(
      "WITNESS  %d of %s must sign\n"
      "         that they saw the ledger grow before its entries leave; until then results wait.\n",
      witnesses.quorum, names);
}

}  // namespace

std::string_view Name(replay::Phase phase) {
  switch (phase) {
    case replay::Phase::kOpen:
      return "open";
    case replay::Phase::kClosing:
      return "closing";
    case replay::Phase::kClosed:
      break;
  }
  return "closed";
}

std::string NextExchangeText(const replay::Contest& contest, const absl::TimeZone& zone) {
  if (contest.phase == replay::Phase::kClosed ||
      contest.NextRound() > contest.policy.policy.rounds.count) {
    return "no exchange follows: the contest is over";
  }
  return absl::StrFormat("the exchange of round %d begins %s", contest.NextRound(),
                         TimeText(contest.Clock().ExchangeMs(contest.NextRound()), zone));
}

std::string ContestsText(const replay::LedgerState& state) {
  if (state.contests().empty()) return "no contest is in the ledger yet\n";
  std::vector<std::vector<std::string>> rows = {
      {"CONTEST", "PHASE", "ROUND", "TEAMS", "METRIC", "RELEASE"}};
  for (const auto& [name, contest] : state.contests()) {
    const Policy& policy = contest.policy.policy;
    rows.push_back({name, Plain(Name(contest.phase)),
                    absl::StrFormat("%d of %d", contest.last_round, policy.rounds.count),
                    absl::StrFormat("%d of %d", contest.teams.size(), policy.release.teams),
                    Plain(Name(policy.scoring.metric)), Plain(Name(policy.release.rule))});
  }
  return FormatTable(rows, 0);
}

std::string WorstCaseText(const replay::Contest& contest) {
  // What was taken from the data to set the scale is known to everybody too.
  const counting::Bits bits =
      contest.policy.contest + counting::Bits{contest.policy.policy.baseline_thousandths};
  std::string text = absl::StrFormat(
      "WORST    All that can ever leave about the data through this contest is one of at most 2^B\n"
      "         messages, B = %s bits (%s), whatever programs do and even if all teams\n"
      "         work together. This does not protect a single fact about a single person: a "
      "hostile\n"
      "         program can publish one yes/no fact about somebody in one score.\n",
      bits.ToString(), Count(bits.CeilBytes(), "byte", "bytes"));
  if (contest.policy.policy.deployment == contest::Deployment::kOneMachine) {
    text +=
        "         Deployment one-machine: the bound holds for the ledger, not against somebody "
        "who\n"
        "         times the server from outside.\n";
  }
  if (const contest::Degraded& degraded = contest.policy.policy.degraded;
      degraded != contest::Degraded()) {
    text += absl::StrFormat(
        "         The boxes are held by less than they could be: degraded %s.\n", Name(degraded));
  }
  return text;
}

std::string RulesText(const replay::LedgerState& state, const replay::Contest& contest,
                      const absl::TimeZone& zone) {
  const Policy& policy = contest.policy.policy;
  std::string text = absl::StrFormat(
      "CONTEST  %s: %s, round %d of %d, %d of %d teams\n", policy.contest, Name(contest.phase),
      contest.last_round, policy.rounds.count, contest.teams.size(), policy.release.teams);
  text += DataText(*state.dataset());
  text += ScoreText(policy.scoring);
  text += ReleaseText(policy.release);
  text += LoweredText(contest);
  text += RoundsText(contest, zone);
  text += LimitsText(policy.limits);
  text += WitnessesText(policy.witnesses);
  text += WorstCaseText(contest);
  return text + absl::StrFormat("POLICY   ledger entry %d, SHA-256 %s\n", contest.policy_index,
                                HexEncode(contest.policy_digest));
}

std::string BoardText(const replay::Contest& contest, const absl::TimeZone& zone) {
  std::vector<std::vector<std::string>> rows = {
      {"RANK", "TEAM", "SCORE", "TRIES USED", "TRIES LEFT", "SCORES LEFT"}};
  const bool counts_scores =
      contest.policy.policy.release.rule != contest::ReleaseRule::kEveryScore;
  for (const replay::BoardRow& row : replay::MakeBoard(contest)) {
    const std::string rank = row.disqualified ? "disqualified"
                             : row.rank == 0  ? "-"
                                              : absl::StrFormat("%d", row.rank);
    rows.push_back({rank, row.team, row.score, absl::StrFormat("%d", row.tries_used),
                    absl::StrFormat("%d", row.tries_left),
                    counts_scores ? absl::StrFormat("%d", row.scores_left) : "all"});
  }
  const std::string title =
      absl::StrFormat("%s after round %d of %d (%s)\n", contest.policy.policy.contest,
                      contest.last_round, contest.policy.policy.rounds.count, Name(contest.phase));
  const std::string next = NextExchangeText(contest, zone) + "\n";
  if (rows.size() == 1) return title + "no team has joined yet\n" + next;
  return title + FormatTable(rows, 0) + FinalsText(contest) + next;
}

}  // namespace pinhole::cli
