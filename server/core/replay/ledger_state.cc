#include "server/core/replay/ledger_state.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/contest/validate.h"
#include "server/core/counting/acts.h"
#include "server/core/counting/worst_case.h"
#include "server/core/log/blinding.h"
#include "server/core/log/entry_text.h"
#include "server/core/replay/rules.h"

namespace pinhole::replay {

const Contest* LedgerState::Find(std::string_view contest) const {
  const auto found = contests_.find(contest);
  return found == contests_.end() ? nullptr : &found->second;
}

const Contest* LedgerState::Open() const { return open_.empty() ? nullptr : Find(open_); }

absl::StatusOr<Contest*> LedgerState::OpenContest(std::string_view name) {
  if (open_.empty() || open_ != name) {
    return Breaks(absl::StrFormat("contest \"%s\" is not open", name));
  }
  return &contests_.find(open_)->second;
}

absl::StatusOr<Contest*> LedgerState::RunningContest(std::string_view name) {
  ASSIGN_OR_RETURN(Contest* const contest, OpenContest(name));
  if (contest->stopped) return Breaks("nothing but CLOSE follows a stop");
  if (!contest->finals.empty()) return Breaks("nothing but CLOSE follows the final board");
  if (contest->NextRound() > contest->policy.policy.rounds.count)
    return Breaks("no exchange after the last round");
  return contest;
}

absl::Status LedgerState::Apply(std::string_view bytes) {
  // First, since it reads the bytes as they lie, which memory serves ahead; the parser begins at
  // the end. In vain for what is refused.
  const Digest leaf = bytes.size() <= log::kLongEntryBytes ? LeafHash(bytes) : Digest{};
  ASSIGN_OR_RETURN(const log::Entry entry, log::ParseEntry(bytes));
  if (after_start_ && Open() != nullptr && Open()->must_stop) {
    const auto* const act = std::get_if<log::ActEntry>(&entry);
    if (act == nullptr || act->kind != log::ActKind::kStop)
      return Breaks("nothing but a stop follows a START that could not be paid");
  }
  RETURN_IF_ERROR(std::visit(
      [&](const auto& value) -> absl::Status {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, log::PolicyEntry>) {
          return Check(value, bytes);
        } else {
          return Check(value);
        }
      },
      entry));
  tree_.Append(leaf);
  after_start_ = std::holds_alternative<log::StartEntry>(entry);
  return absl::OkStatus();
}

// Every Check below verifies first and changes the state last, so that an error leaves it
// unchanged.

absl::Status LedgerState::Check(const log::DatasetEntry& entry) {
  if (!Verify(entry.owner, log::DatasetStatement(entry), entry.signature)) {
    return Breaks("DATASET must be signed by its owner");
  }
  if (!open_.empty()) return Breaks("a data set does not change while a contest is open");
  counting::Bits spent = account_.spent + entry.declassified;
  if (dataset_.has_value()) {
    RETURN_IF_ERROR(MustEqual(entry.owner, dataset_->owner, "a data set keeps its owner"));
    RETURN_IF_ERROR(MustEqual(entry.dataset, dataset_->dataset, "one vault has one data set"));
    RETURN_IF_ERROR(MustEqual(entry.version, dataset_->version + 1,
                              "versions of a data set follow each other"));
    if (entry.budget > dataset_->budget) return Breaks("a data set's budget only shrinks");
  } else {
    RETURN_IF_ERROR(MustEqual(entry.version, 1, "a data set begins with version 1"));
  }
  if (spent > entry.budget) {
    return absl::ResourceExhaustedError(
        "the ledger's rules: the declassified values cost more than the data set's budget");
  }
  dataset_ = entry;
  account_.budget = entry.budget;
  account_.spent = spent;
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::PolicyEntry& entry, std::string_view bytes) {
  const contest::Policy& policy = entry.policy;
  if (!dataset_.has_value()) return Breaks("a contest needs a data set");
  if (!open_.empty()) return Breaks("one contest is open at a time");
  if (contests_.contains(policy.contest)) return Breaks("a contest's name serves once");
  RETURN_IF_ERROR(MustEqual(policy.version, 1, "a contest begins with version 1 of its policy"));
  RETURN_IF_ERROR(MustEqual(policy.deployment, dataset_->deployment,
                            "POLICY must name the data set's deployment class"));
  if (const absl::Status fits =
          contest::ValidateFor(policy, {.deployment = dataset_->deployment,
                                        .public_rows = dataset_->public_rows,
                                        .final_rows = dataset_->final_rows,
                                        .weights = contest::WeightsOf(dataset_->shape)});
      !fits.ok()) {
    return Breaks(std::string(fits.message()));
  }
  const std::string statement = log::PolicyStatement(entry);
  if (!Verify(policy.organizer, statement, entry.organizer_signature))
    return Breaks("POLICY must be signed by its organizer");
  if (!Verify(dataset_->owner, statement, entry.owner_signature))
    return Breaks("POLICY must be signed by the data set's owner");
  const counting::WorstCase worst = counting::CountWorstCase(policy);
  RETURN_IF_ERROR(MustEqual(entry.team_count, worst.team_count,
                            "team_count must be what the policy counts to"));
  RETURN_IF_ERROR(MustEqual(entry.team, worst.team, "team_bits must be log2 of team_count"));
  RETURN_IF_ERROR(MustEqual(entry.shared_count, worst.shared_count,
                            "shared_count must be what the policy counts to"));
  RETURN_IF_ERROR(
      MustEqual(entry.shared, worst.shared, "shared_bits must be log2 of shared_count"));
  RETURN_IF_ERROR(MustEqual(entry.final_board, worst.final_board,
                            "final_bits must be what the final board can tell"));
  RETURN_IF_ERROR(
      MustEqual(entry.contest, worst.contest,
                "contest_bits must be teams, what they share, final and acts together"));
  if (worst.acts < counting::StopCharge(policy)) return Breaks("acts_bits must pay for a stop");
  const counting::Bits reserve = worst.contest + counting::Bits{policy.baseline_thousandths};
  // Under every-score the owner declared the data publishable: the account is counted, not capped
  // (CHANNEL.md section 5.2).
  if (policy.release.rule != contest::ReleaseRule::kEveryScore && reserve > account_.Left()) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the ledger's rules: the contest needs %s bits and the data set has %s left",
        reserve.ToString(), account_.Left().ToString()));
  }
  Contest contest(entry);
  contest.policy_index = size();
  contest.policy_digest = Sha256(bytes);
  contests_.emplace(policy.contest, std::move(contest));
  open_ = policy.contest;
  witnesses_ = policy.witnesses;
  account_.spent += counting::Bits{policy.baseline_thousandths};
  account_.reserved = worst.contest;
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::TeamEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, RunningContest(entry.contest));
  RETURN_IF_ERROR(
      MustEqual(entry.round, contest->NextRound(), "TEAM must name the exchange it is in"));
  if (contest->phase != Phase::kOpen) return Breaks("nobody joins a closing contest");
  RETURN_IF_ERROR(MustEqual(entry.number, static_cast<int>(contest->teams.size()) + 1,
                            "teams are numbered in order"));
  if (entry.number > contest->policy.policy.release.teams)
    return Breaks("no more teams than the policy reserves for");
  if (contest->team_by_key.contains(entry.key)) return Breaks("a key belongs to one team");
  if (contest->team_names.contains(entry.name)) return Breaks("a team's name serves once");
  if (contest->invitations.contains(entry.invitation)) return Breaks("an invitation serves once");
  RETURN_IF_ERROR(MustEqual(entry.reserved, contest->policy.team, "a team reserves team_bits"));
  const contest::Policy& policy = contest->policy.policy;
  const counting::TeamState state = counting::StartState(policy, contest->limits);
  contest->teams.push_back(
      {.entry = entry, .state = state, .left = counting::BitsLeft(policy, state)});
  contest->team_by_key.emplace(entry.key, entry.number);
  contest->team_names.insert(entry.name);
  contest->invitations.insert(entry.invitation);
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::AdmitEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, RunningContest(entry.contest));
  const contest::Policy& policy = contest->policy.policy;
  RETURN_IF_ERROR(
      MustEqual(entry.round, contest->NextRound(), "ADMIT must name the exchange it is in"));
  if (contest->phase != Phase::kOpen) return Breaks("nothing is admitted to a closing contest");
  if (entry.team > static_cast<int>(contest->teams.size())) return Breaks("ADMIT must name a team");
  Team& team = contest->teams[static_cast<size_t>(entry.team - 1)];
  RETURN_IF_ERROR(MustEqual(entry.try_number, team.tries_used + 1, "tries are numbered in order"));
  if (entry.try_number > contest->limits.tries)
    return Breaks("no more tries than the policy and its acts give");
  if (team.disqualified) return Breaks("nothing is admitted of a disqualified team");
  if (policy.release.tries_per_day > 0 &&
      TriesOfDay(*contest, team) >= policy.release.tries_per_day) {
    return Breaks("no more tries in 24 h of rounds than the policy gives");
  }
  if (team.waiting >= policy.release.waiting)
    return Breaks("no more waiting submissions than the policy allows");
  RETURN_IF_ERROR(MustEqual(entry.run_round, contest->queue.Peek(entry.round),
                            "the round of a run follows from its place in the queue"));
  RETURN_IF_ERROR(MustEqual(entry.result_round, entry.run_round,
                            "the result is released in the exchange after the run"));
  if (entry.run_round > policy.rounds.count) return Breaks("no run after the last round");
  if (entry.size_class > log::SizeClass(policy.limits.program_bytes))
    return Breaks("no program above the policy's limit");
  if (entry.show_below.has_value() && *entry.show_below > policy.scoring.scale.level_count()) {
    return Breaks("show_below must be a level");
  }
  // The last that can be wrong, so that looking it up and keeping it are one.
  const std::pair request(entry.team, entry.request_id);
  const bool fresh = keep_ == Keep::kEverything ? contest->requests.emplace(request, size()).second
                                                : contest->used_ids.insert(request).second;
  if (!fresh) return Breaks("a request id serves once");
  contest->queue.Take(entry.round);
  contest->admissions.emplace_hint(contest->admissions.end(), size(),
                                   Admission{.index = size(), .entry = entry});
  contest->due[entry.result_round].push_back(size());
  ++contest->admitted;
  ++team.tries_used;
  ++team.waiting;
  if (policy.release.tries_per_day > 0) {
    team.day_rounds.push_back(entry.round);
    if (team.day_rounds.size() > static_cast<size_t>(policy.release.tries_per_day))
      team.day_rounds.erase(team.day_rounds.begin());
  }
  if (keep_ == Keep::kEverything) team.admissions.push_back(size());
  return absl::OkStatus();
}

absl::Status LedgerState::Check(const log::ResultEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, RunningContest(entry.contest));
  const contest::Policy& policy = contest->policy.policy;
  RETURN_IF_ERROR(
      MustEqual(entry.round, contest->NextRound(), "RESULT must name the exchange it is in"));
  const auto due = contest->due.find(entry.round);
  if (due == contest->due.end() || static_cast<size_t>(contest->released) >= due->second.size()) {
    return Breaks("no RESULT but for an ADMIT that is due in this round");
  }
  RETURN_IF_ERROR(MustEqual(entry.admit, due->second[static_cast<size_t>(contest->released)],
                            "the RESULTs of a round follow the order of their ADMITs"));
  Admission& admission = contest->admissions.at(entry.admit);
  RETURN_IF_ERROR(MustEqual(entry.team, admission.entry.team, "RESULT must name its ADMIT's team"));
  Team& team = contest->teams[static_cast<size_t>(entry.team - 1)];
  ASSIGN_OR_RETURN(const counting::BothStates after,
                   counting::StatesAfter(policy, team.state, contest->shared, entry.symbol));
  RETURN_IF_ERROR(MustEqual(entry.after, counting::StateOfBoth(policy, after.team, after.shared),
                            "RESULT must state what its symbol leaves"));
  const std::optional<int>& show_below = admission.entry.show_below;
  if (entry.symbol.kind == counting::SymbolKind::kLevel && show_below.has_value() &&
      entry.symbol.level >= *show_below) {
    return Breaks("no level that the team asked not to be shown");
  }
  const counting::Bits left = counting::BitsLeft(policy, after.team);
  const counting::Bits shared_left = counting::SharedBitsLeft(policy, after.shared);
  const counting::Bits own = team.left - left;
  const counting::Bits charge = own + (contest->shared_left - shared_left);
  RETURN_IF_ERROR(MustEqual(entry.charge, charge,
                            "the charge is what the symbol takes from the continuations"));
  RETURN_IF_ERROR(MustEqual(entry.text, counting::SymbolText(entry.symbol, policy.scoring.scale),
                            "RESULT's text must be its symbol's"));
  RETURN_IF_ERROR(MustEqual(entry.blind.has_value(), policy.witnesses.asked(),
                            "a RESULT has a blind when there are witnesses"));
  if (entry.blind.has_value()) contest->blinds.emplace_back(size(), *entry.blind);
  team.state = after.team;
  team.left = left;
  team.charged += own;
  contest->shared = after.shared;
  contest->shared_left = shared_left;
  --team.waiting;
  contest->charged += charge;
  ++contest->released;
  if (entry.symbol.kind == counting::SymbolKind::kLevel) {
    team.shown.push_back(entry.admit);
    if (!team.best_level.has_value() || entry.symbol.level < *team.best_level) {
      team.best_level = entry.symbol.level;
      team.best_admit = entry.admit;
    }
  }
  switch (keep_) {
    case Keep::kEverything:
      admission.result = entry;
      admission.result_index = size();
      break;
    case Keep::kWhatTheRulesNeed:
      contest->admissions.erase(entry.admit);
      break;
  }
  return absl::OkStatus();
}

namespace {

absl::Status CheckBlinding(const Contest& contest, const log::RoundEntry& round) {
  RETURN_IF_ERROR(MustEqual(round.blinding.has_value(), contest.policy.policy.witnesses.asked(),
                            "a ROUND shows its blinding when there are witnesses"));
  if (!round.blinding.has_value()) return absl::OkStatus();
  if (!log::Follows(contest.blinding, *round.blinding))
    return Breaks("a ROUND's blinding is the next of the chain that POLICY begins");
  const log::Blinder blinder(*round.blinding);
  for (const auto& [index, blind] : contest.blinds) {
    if (blinder.Of(index) != blind)
      return Breaks("a RESULT's blind is that of its ROUND's blinding");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status LedgerState::Check(const log::RoundEntry& entry) {
  ASSIGN_OR_RETURN(Contest* const contest, RunningContest(entry.contest));
  RETURN_IF_ERROR(MustEqual(entry.round, contest->NextRound(), "ROUNDs have no gap"));
  RETURN_IF_ERROR(MustEqual(entry.admitted, contest->admitted, "ROUND must count its ADMITs"));
  RETURN_IF_ERROR(MustEqual(entry.released, contest->released, "ROUND must count its RESULTs"));
  const auto due = contest->due.find(entry.round);
  const size_t expected = due == contest->due.end() ? 0 : due->second.size();
  RETURN_IF_ERROR(MustEqual(static_cast<size_t>(contest->released), expected,
                            "every ADMIT has its RESULT, in its round"));
  RETURN_IF_ERROR(MustEqual(entry.root_before, Root(), "ROUND must name the root before it"));
  RETURN_IF_ERROR(CheckBlinding(*contest, entry));
  if (entry.blinding.has_value()) contest->blinding = *entry.blinding;
  contest->blinds.clear();
  contest->due.erase(entry.round);
  contest->last_round = entry.round;
  contest->admitted = 0;
  contest->released = 0;
  contest->LowerLimits();
  return absl::OkStatus();
}

}  // namespace pinhole::replay
