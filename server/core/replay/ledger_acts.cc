// The fold's rules for what interrupts, moves, acts on and ends a contest: START, SHIFT, ACT,
// CHOICE, FINAL, CLOSE.
#include <algorithm>

#include "server/core/base/status.h"
#include "server/core/counting/acts.h"
#include "server/core/counting/final_board.h"
#include "server/core/log/blinding.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/replay/rules.h"

namespace pinhole::replay {
namespace {

// What a SHIFT or an act of a person costs must be there, and a stop can still be paid after it.
absl::Status CheckPaid(const Contest& contest, counting::Bits charge) {
  const contest::Policy& policy = contest.policy.policy;
  const counting::Bits most{policy.release.acts_thousandths};
  if (contest.acts_used + charge + counting::StopCharge(policy) <= most) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "the ledger's rules: the bits for acts, shifts and starts are used up");
}

absl::Status CheckSigned(const Contest& contest, const log::ActEntry& act) {
  const std::string statement = log::ActStatement(act, contest.acts);
  if (Verify(contest.policy.policy.organizer, statement, act.signature)) return absl::OkStatus();
  return Breaks("ACT must be signed by the organizer");
}

absl::Status CheckTeamAct(const Contest& contest, const log::ActEntry& act) {
  if (act.team == 0 || act.team > static_cast<int>(contest.teams.size()))
    return Breaks("ACT must name a team");
  const bool disqualified = contest.teams[static_cast<size_t>(act.team - 1)].disqualified;
  if (disqualified == (act.kind == log::ActKind::kDisqualify))
    return Breaks("a team is disqualified once, and reinstated after that alone");
  RETURN_IF_ERROR(MustEqual(act.charge, counting::TeamActCharge(contest.policy.policy),
                            "an ACT costs what its choices can tell"));
  RETURN_IF_ERROR(CheckSigned(contest, act));
  return CheckPaid(contest, act.charge);
}

absl::Status CheckLowering(const Contest& contest, counting::Limit limit,
                           const log::ActEntry& act) {
  RETURN_IF_ERROR(MustEqual(act.team, 0, "a limit is lowered for all teams"));
  if (act.value.value_or(INT32_MAX) >= contest.next_limits.Of(limit))
    return Breaks("a limit can only be lowered: wider is a new contest, signed by the owner");
  RETURN_IF_ERROR(MustEqual(act.charge, counting::TightenCharge(contest.policy.policy),
                            "an ACT costs what its choices can tell"));
  RETURN_IF_ERROR(CheckSigned(contest, act));
  return CheckPaid(contest, act.charge);
}

absl::Status CheckAct(const Contest& contest, const log::ActEntry& act) {
  const contest::Policy& policy = contest.policy.policy;
  const std::optional<counting::Limit> limit = log::LimitOf(act.kind);
  if (limit.has_value()) return CheckLowering(contest, *limit, act);
  RETURN_IF_ERROR(MustEqual(act.value.has_value(), false, "only a lowered limit has a value"));
  switch (act.kind) {
    case log::ActKind::kDisqualify:
    case log::ActKind::kReinstate:
      return CheckTeamAct(contest, act);
    case log::ActKind::kCloseEarly:
      if (contest.phase != Phase::kOpen) return Breaks("a closing contest is closed once");
      RETURN_IF_ERROR(MustEqual(act.team, 0, "closing names no team"));
      RETURN_IF_ERROR(MustEqual(act.charge, counting::CloseEarlyCharge(policy),
                                "an ACT costs what its choices can tell"));
      RETURN_IF_ERROR(CheckSigned(contest, act));
      return CheckPaid(contest, act.charge);
    case log::ActKind::kStop:
      if (contest.admitted != 0 || contest.released != 0)
        return Breaks("a stop lies between two rounds");
      RETURN_IF_ERROR(MustEqual(act.team, 0, "a stop names no team"));
      RETURN_IF_ERROR(MustEqual(act.signature, Signature{}, "nobody signs a stop"));
      // It was kept back of every other charge.
      return MustEqual(act.charge, counting::StopCharge(policy),
                       "an ACT costs what its choices can tell");
    case log::ActKind::kLowerTries:
    case log::ActKind::kLowerShownScores:
    case log::ActKind::kLowerShownFailures:
      break;  // checked above
  }
  return Breaks("no such act");
}

// FINAL and CLOSE stand after the last exchange there is.
absl::Status CheckAtEnd(const Contest& contest, int64_t round) {
  RETURN_IF_ERROR(MustEqual(round, contest.last_round, "FINAL and CLOSE name the last ROUND"));
  if (contest.admitted != 0 || contest.released != 0)
    return Breaks("FINAL and CLOSE follow a ROUND");
  if (!contest.due.empty()) return Breaks("no FINAL or CLOSE while a RESULT is due");
  if (contest.phase != Phase::kClosing && contest.last_round < contest.policy.policy.rounds.count)
    return Breaks("no FINAL or CLOSE before the last round without an act");
  return absl::OkStatus();
}

// Whether FINAL and CLOSE are all that may come. The vault writes them together with what they
// follow.
bool AtItsEnd(const Contest& contest) {
  return contest.stopped || !contest.finals.empty() ||
         contest.last_round >= contest.policy.policy.rounds.count ||
         (contest.phase == Phase::kClosing && contest.due.empty());
}

// Of FINAL and CLOSE, which stand in the exchange of the last ROUND.
absl::Status CheckBlind(const Contest& contest, int64_t index, const std::optional<Digest>& blind) {
  const log::Blinder blinder =
      contest.policy.policy.witnesses.asked() ? log::Blinder(contest.blinding) : log::Blinder();
  if (blind == blinder.Of(index)) return absl::OkStatus();
  return Breaks("with witnesses FINAL and CLOSE have the blind of the last ROUND's blinding");
}

}  // namespace

StartTerms LedgerState::TermsOfStart() const {
  const Contest* const contest = Open();
  // Before the first ADMIT none of the contest's programs can have run.
  if (contest == nullptr || contest->Tries() == 0) return {};
  const counting::Bits charge = counting::StartCharge(contest->policy.policy);
  if (CheckPaid(*contest, charge).ok()) return {.charge = charge};
  return {.must_stop = true};
}

absl::Status LedgerState::Check(const log::StartEntry& entry) {
  RETURN_IF_ERROR(MustEqual(entry.previous_size, size(), "START must name the size it found"));
  for (const log::StartEntry& start : starts_) {
    if (start.nonce == entry.nonce) return Breaks("a START's nonce is never used again");
  }
  Contest* const contest = open_.empty() ? nullptr : &contests_.find(open_)->second;
  if (contest != nullptr && AtItsEnd(*contest))
    return Breaks("no START between a contest's last round and its CLOSE");
  if (contest != nullptr && (contest->admitted != 0 || contest->released != 0))
    return Breaks("a START lies between two rounds");
  const StartTerms terms = TermsOfStart();
  RETURN_IF_ERROR(MustEqual(entry.charge, terms.charge, "a START costs what its choices can tell"));
  const bool witnessed = contest != nullptr && contest->policy.policy.witnesses.asked();
  RETURN_IF_ERROR(MustEqual(entry.blinding.has_value(), witnessed,
                            "a START within a contest with witnesses begins a chain"));
  if (witnessed) {
    contest->blinding = *entry.blinding;
    contest->chain = entry.nonce;
  }
  if (contest != nullptr) {
    contest->must_stop = terms.must_stop;
    contest->acts_used += terms.charge;
    contest->starts += terms.charge > counting::Bits{} ? 1 : 0;
  }
  starts_.push_back(entry);
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::ShiftEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, RunningContest(entry.contest));
  const contest::Policy& policy = contest->policy.policy;
  RETURN_IF_ERROR(
      MustEqual(entry.round, contest->NextRound(), "SHIFT must name the first round it moves"));
  if (contest->admitted != 0 || contest->released != 0)
    return Breaks("a SHIFT lies between two rounds");
  RETURN_IF_ERROR(MustEqual(entry.count, contest->shifts + 1, "SHIFTs are counted"));
  if (entry.moved > policy.rounds.max_shift) return Breaks("no SHIFT over max_shift rounds");
  RETURN_IF_ERROR(MustEqual(entry.charge, counting::ShiftCharge(policy),
                            "a SHIFT costs what its choices can tell"));
  RETURN_IF_ERROR(CheckPaid(*contest, entry.charge));
  contest->shifted += entry.moved;
  contest->shifts += 1;
  contest->acts_used += entry.charge;
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::ActEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, RunningContest(entry.contest));
  RETURN_IF_ERROR(
      MustEqual(entry.round, contest->NextRound(), "ACT must name the exchange it is in"));
  RETURN_IF_ERROR(CheckAct(*contest, entry));
  Team* const team =
      entry.team == 0 ? nullptr : &contest->teams[static_cast<size_t>(entry.team - 1)];
  switch (entry.kind) {
    case log::ActKind::kCloseEarly:
      contest->phase = Phase::kClosing;
      break;
    case log::ActKind::kDisqualify:
      team->disqualified = true;
      break;
    case log::ActKind::kReinstate:
      team->disqualified = false;
      break;
    case log::ActKind::kStop:
      contest->phase = Phase::kClosing;
      contest->stopped = true;
      contest->must_stop = false;
      contest->due.clear();
      break;
    case log::ActKind::kLowerTries:
    case log::ActKind::kLowerShownScores:
    case log::ActKind::kLowerShownFailures:
      contest->next_limits = contest->next_limits.With(*log::LimitOf(entry.kind), *entry.value);
      break;
  }
  ++contest->acts;
  contest->acts_used += entry.charge;
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::ChoiceEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, RunningContest(entry.contest));
  RETURN_IF_ERROR(
      MustEqual(entry.round, contest->NextRound(), "CHOICE must name the exchange it is in"));
  if (contest->policy.policy.release.final_rule == contest::FinalRule::kNone)
    return Breaks("nothing is chosen without a final board");
  if (entry.team > static_cast<int>(contest->teams.size()))
    return Breaks("CHOICE must name a team");
  Team& team = contest->teams[static_cast<size_t>(entry.team - 1)];
  if (team.disqualified) return Breaks("a disqualified team chooses nothing");
  if (team.choice_round == entry.round) return Breaks("a team chooses once an exchange");
  if (entry.admit == team.choice) return Breaks("a choice is another than the one before");
  if (entry.admit.has_value() && !MayChoose(*contest, team, *entry.admit))
    return Breaks("a team chooses a submission of its own that waits or was shown a score");
  if (!Verify(team.entry.key,
              log::ChoiceStatement(entry.contest, entry.team, entry.admit, team.choices),
              entry.signature)) {
    return Breaks("CHOICE must be signed by its team");
  }
  team.choice = entry.admit;
  team.choice_round = entry.round;
  ++team.choices;
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::FinalEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, OpenContest(entry.contest));
  const contest::Policy& policy = contest->policy.policy;
  RETURN_IF_ERROR(CheckAtEnd(*contest, entry.round));
  if (contest->stopped) return Breaks("no final board after a stop");
  const std::vector<int> teams = FinalTeams(*contest);
  const int count = static_cast<int>(teams.size());
  RETURN_IF_ERROR(MustEqual(entry.place, static_cast<int>(contest->finals.size()) + 1,
                            "the places of the final board follow each other"));
  if (entry.place > counting::FinalPlaces(policy, count))
    return Breaks("no more places than the policy's final board has");
  if (std::find(teams.begin(), teams.end(), entry.team) == teams.end())
    return Breaks("FINAL must name a team with a shown score that is not disqualified");
  for (const log::FinalEntry& other : contest->finals) {
    if (other.team == entry.team) return Breaks("a team has one place");
  }
  RETURN_IF_ERROR(MustEqual(entry.admit,
                            contest->teams[static_cast<size_t>(entry.team - 1)].JudgedBy(),
                            "a team is judged by the shown submission that it chose, or its best"));
  const bool with_level = policy.release.final_rule == contest::FinalRule::kEveryTeam;
  if (with_level && entry.team != teams[contest->finals.size()])
    return Breaks("the final levels of all teams follow their numbers");
  const int levels = policy.scoring.scale.level_count();
  if (entry.level.has_value() != with_level || entry.level.value_or(0) > levels)
    return Breaks("FINAL states a level of the scale, or worse, for every-team alone");
  RETURN_IF_ERROR(MustEqual(entry.text, counting::FinalText(entry.level, policy.scoring.scale),
                            "FINAL's text must be its level's"));
  RETURN_IF_ERROR(MustEqual(entry.charge, counting::FinalCharge(policy, count, entry.place),
                            "a place costs what its choices can tell"));
  RETURN_IF_ERROR(CheckBlind(*contest, size(), entry.blind));
  contest->finals.push_back(entry);
  contest->final_charged += entry.charge;
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::CloseEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, OpenContest(entry.contest));
  RETURN_IF_ERROR(CheckAtEnd(*contest, entry.round));
  const int places = contest->stopped
                         ? 0
                         : counting::FinalPlaces(contest->policy.policy,
                                                 static_cast<int>(FinalTeams(*contest).size()));
  RETURN_IF_ERROR(MustEqual(static_cast<int>(contest->finals.size()), places,
                            "no CLOSE before the whole final board"));
  const counting::Bits used = contest->Used();
  RETURN_IF_ERROR(MustEqual(entry.used, used, "CLOSE must state what left"));
  RETURN_IF_ERROR(CheckBlind(*contest, size(), entry.blind));
  contest->phase = Phase::kClosed;
  account_.spent += used;
  account_.reserved = {};
  if (keep_ == Keep::kWhatTheRulesNeed) contest->ForgetWhatServedTheRules();
  open_.clear();
  return absl::OkStatus();
}

}  // namespace pinhole::replay
