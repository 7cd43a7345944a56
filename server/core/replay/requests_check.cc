#include "server/core/replay/requests_check.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::replay {
namespace {

// The first exchange that takes a try of `team` again, when the day's are used up.
int64_t NextFreeRound(const Contest& contest, const Team& team) {
  const contest::Policy& policy = contest.policy.policy;
  return team.day_rounds.front() + contest::RoundsPerDay(policy.rounds);
}

absl::StatusOr<const Contest*> FindRunning(const LedgerState& state, std::string_view name) {
  const Contest* contest = state.Find(name);
  if (contest == nullptr) {
    return absl::NotFoundError(
        absl::StrFormat("there is no contest \"%s\"; `pinhole contests` lists them", name));
  }
  if (contest->phase == Phase::kClosed || contest->stopped || !contest->finals.empty()) {
    return absl::FailedPreconditionError(absl::StrFormat("contest \"%s\" is over", name));
  }
  if (contest->NextRound() > contest->policy.policy.rounds.count) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the last round of contest \"%s\" is over", name));
  }
  return contest;
}

absl::StatusOr<const Contest*> FindOpen(const LedgerState& state, std::string_view name) {
  const Contest* contest = state.Find(name);
  if (contest != nullptr && contest->phase != Phase::kOpen) {
    return absl::FailedPreconditionError(
        absl::StrFormat("contest \"%s\" takes nothing more: it is closed or closing", name));
  }
  return FindRunning(state, name);
}

absl::StatusOr<const Team*> FindMember(const Contest& contest, const PublicKey& key) {
  const Team* const team = contest.FindTeam(key);
  if (team != nullptr) return team;
  return absl::NotFoundError(
      "no team of this contest has this key: `pinhole join` first, and wait for its exchange");
}

}  // namespace

absl::StatusOr<log::TeamEntry> PlanJoin(const LedgerState& state,
                                        const pipe::JoinRequest& request) {
  const pipe::Invitation& invitation = request.invitation;
  const auto open = FindOpen(state, invitation.contest);
  if (!open.ok()) return open.status();
  const Contest& contest = **open;
  if (!pipe::VerifyInvitation(contest.policy.policy.organizer, invitation)) {
    return absl::PermissionDeniedError(
        "the invitation is not signed by this contest's organizer: ask for a new one");
  }
  const Digest used = Sha256(ByteView(invitation.signature));
  if (contest.invitations.contains(used)) {
    return absl::AlreadyExistsError(
        "the invitation was used: each serves one team, ask the organizer for another");
  }
  if (contest.team_names.contains(invitation.team)) {
    return absl::AlreadyExistsError(absl::StrFormat(
        "a team \"%s\" is there already: ask the organizer for an invitation by another name",
        invitation.team));
  }
  if (contest.team_by_key.contains(request.team_key)) {
    return absl::AlreadyExistsError("this key belongs to a team already: join with a new one");
  }
  if (static_cast<int>(contest.teams.size()) >= contest.policy.policy.release.teams) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("all %d places are taken: the budget was reserved for so many",
                        contest.policy.policy.release.teams));
  }
  return log::TeamEntry{.contest = invitation.contest,
                        .round = contest.NextRound(),
                        .number = static_cast<int>(contest.teams.size()) + 1,
                        .name = invitation.team,
                        .key = request.team_key,
                        .invitation = used,
                        .reserved = contest.policy.team};
}

absl::StatusOr<log::AdmitEntry> PlanAdmit(const LedgerState& state,
                                          const pipe::SubmitRequest& request,
                                          const Digest& commitment) {
  const auto open = FindOpen(state, request.contest);
  if (!open.ok()) return open.status();
  const Contest& contest = **open;
  const contest::Policy& policy = contest.policy.policy;
  if (request.policy != contest.policy_digest) {
    return absl::FailedPreconditionError(
        "the request was signed for another policy: read `pinhole rules` and submit again");
  }
  ASSIGN_OR_RETURN(const Team* const team, FindMember(contest, request.team_key));
  if (team->disqualified) {
    return absl::FailedPreconditionError(
        "the organizer disqualified this team: nothing of it is admitted; ask the organizer");
  }
  const std::pair id(team->entry.number, request.request_id);
  if (contest.requests.contains(id) || contest.used_ids.contains(id)) {
    return absl::AlreadyExistsError("the request id was used by this team");
  }
  if (team->tries_used >= contest.limits.tries) {
    return absl::ResourceExhaustedError(
        contest.limits.tries == policy.release.tries
            ? absl::StrFormat("no try is left: all %d were used", policy.release.tries)
            : absl::StrFormat("no try is left: %d were used, and the organizer lowered them to %d",
                              team->tries_used, contest.limits.tries));
  }
  const int per_day = policy.release.tries_per_day;
  if (per_day > 0 && TriesOfDay(contest, *team) >= per_day) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("all %d tries of these 24 hours were used: submit again after round %d",
                        per_day, NextFreeRound(contest, *team) - 1));
  }
  if (team->waiting >= policy.release.waiting) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("%d submissions wait for their results, the most at a time: submit again "
                        "after the next exchange",
                        team->waiting));
  }
  if (request.program_bytes > policy.limits.program_bytes) {
    return absl::InvalidArgumentError(absl::StrFormat("the program has %d bytes; %d is the limit",
                                                      request.program_bytes,
                                                      policy.limits.program_bytes));
  }
  if (request.show_below.has_value() && *request.show_below > policy.scoring.scale.level_count()) {
    return absl::InvalidArgumentError("show_below is no level of this contest's scale");
  }
  const int64_t run_round = contest.queue.Peek(contest.NextRound());
  if (run_round > policy.rounds.count) {
    return absl::FailedPreconditionError(
        "no round is left to run it in: the contest closes before its turn");
  }
  return log::AdmitEntry{.contest = request.contest,
                         .round = contest.NextRound(),
                         .team = team->entry.number,
                         .try_number = team->tries_used + 1,
                         .program = commitment,
                         .size_class = log::SizeClass(request.program_bytes),
                         .request = Sha256(ByteView(request.signature)),
                         .request_id = request.request_id,
                         .run_round = run_round,
                         .result_round = run_round,
                         .show_below = request.show_below};
}

absl::StatusOr<log::ChoiceEntry> PlanChoice(const LedgerState& state,
                                            const pipe::ChooseRequest& request) {
  const auto running = FindRunning(state, request.contest);
  if (!running.ok()) return running.status();
  const Contest& contest = **running;
  if (contest.policy.policy.release.final_rule == contest::FinalRule::kNone) {
    return absl::FailedPreconditionError(
        "this contest has no final board (release.final none): there is nothing to choose");
  }
  ASSIGN_OR_RETURN(const Team* const team, FindMember(contest, request.team_key));
  if (team->disqualified) {
    return absl::FailedPreconditionError(
        "the organizer disqualified this team: it has no place on the board; ask the organizer");
  }
  if (request.team != team->entry.number || request.number != team->choices) {
    return absl::FailedPreconditionError(
        "the choice was signed for another state of the ledger: choose again");
  }
  if (request.admit == team->choice)
    return absl::AlreadyExistsError("this is the choice that stands already");
  if (team->choice_round == contest.NextRound()) {
    return absl::AlreadyExistsError(
        "a choice of this team is taken in this exchange: choose again after it");
  }
  if (request.admit.has_value() && !MayChoose(contest, *team, *request.admit)) {
    return absl::FailedPreconditionError(
        "only a submission of this team that waits for its result or was shown a score can be "
        "chosen: `pinhole status` lists them");
  }
  return log::ChoiceEntry{.contest = request.contest,
                          .round = contest.NextRound(),
                          .team = request.team,
                          .admit = request.admit,
                          .signature = request.signature};
}

const Admission* FindRequest(const LedgerState& state, const pipe::SubmitRequest& request) {
  const Contest* contest = state.Find(request.contest);
  if (contest == nullptr) return nullptr;
  const Team* team = contest->FindTeam(request.team_key);
  if (team == nullptr) return nullptr;
  const auto found = contest->requests.find({team->entry.number, request.request_id});
  return found == contest->requests.end() ? nullptr : &contest->admissions.at(found->second);
}

}  // namespace pinhole::replay
