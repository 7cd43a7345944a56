#include "server/vault/vault.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <variant>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/counting/acts.h"
#include "server/core/gate/final_board.h"
#include "server/core/gate/gate.h"
#include "server/core/replay/requests_check.h"
#include "server/core/schedule/catch_up.h"
#include "server/core/score/decode_answer.h"
#include "server/system/files.h"
#include "server/vault/fault.h"

namespace pinhole::vault {
namespace {

schedule::RunsDue AnyDue(const replay::Contest& contest) {
  return contest.due.contains(contest.NextRound()) ? schedule::RunsDue::kSome
                                                   : schedule::RunsDue::kNone;
}

counting::Bits ChargeOf(log::ActKind act, const contest::Policy& policy) {
  if (log::LimitOf(act).has_value()) return counting::TightenCharge(policy);
  return act == log::ActKind::kCloseEarly ? counting::CloseEarlyCharge(policy)
                                          : counting::TeamActCharge(policy);
}

}  // namespace

absl::StatusOr<Vault> Vault::Open(storage::Database& database, NoteSigner signer, Layout layout) {
  ASSIGN_OR_RETURN(Ledger ledger, Ledger::Open(database, std::move(signer)));
  ASSIGN_OR_RETURN(RunStore runs, RunStore::Open(database));
  return Vault(database, std::move(ledger), std::move(runs), std::move(layout));
}

absl::Status Vault::Finish(storage::Transaction transaction, absl::Status appended,
                           int64_t size_before) {
  absl::Status status = std::move(appended);
  if (status.ok() && ledger_.size() > size_before) {
    absl::StatusOr<storage::Logged> logged = ledger_.Seal(transaction);
    PINHOLE_FAULT_POINT("before-commit");
    status = logged.ok() ? transaction.Commit(*std::move(logged)) : logged.status();
    PINHOLE_FAULT_POINT("after-commit");
  } else if (status.ok()) {
    status = transaction.CommitUnlogged();  // at most a refused proposal, which nobody outside sees
  }
  if (!status.ok()) {
    // Rolled back first: the ledger must not read again what this transaction wrote.
    { const storage::Transaction undone = std::move(transaction); }
    RETURN_IF_ERROR(ledger_.Reload());
  }
  return status;
}

absl::Status Vault::Start(const Digest& build, const log::Nonce& nonce) {
  const int64_t before = ledger_.size();
  const replay::StartTerms terms = state().TermsOfStart();
  log::StartEntry start{
      .build = build, .nonce = nonce, .previous_size = before, .charge = terms.charge};
  const replay::Contest* contest = state().Open();
  if (contest != nullptr && contest->policy.policy.witnesses.asked()) {
    const contest::Policy& policy = contest->policy.policy;
    ASSIGN_OR_RETURN(const Digest secret, ledger_.BlindingSecret(policy.contest, nonce));
    start.blinding = log::BlindingAt(secret, policy.rounds.count, contest->last_round);
  }
  ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(start));
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  absl::Status appended = ledger_.Append(transaction, entry);
  if (appended.ok() && terms.must_stop) appended = AppendStop(transaction, *state().Open());
  build_ = build;
  start_index_ = before;
  return Finish(std::move(transaction), std::move(appended), before);
}

absl::Status Vault::CatchUp(int64_t now_ms) {
  const replay::Contest* contest = state().Open();
  if (contest == nullptr) return absl::OkStatus();
  const int64_t moved =
      schedule::RoundsToShift(contest->Clock(), contest->NextRound(), AnyDue(*contest), now_ms);
  if (moved == 0) return absl::OkStatus();
  const contest::Policy& policy = contest->policy.policy;
  const int64_t before = ledger_.size();
  ASSIGN_OR_RETURN(const log::EncodedEntry entry,
                   log::Encode(log::ShiftEntry{.contest = policy.contest,
                                               .round = contest->NextRound(),
                                               .moved = moved,
                                               .count = contest->shifts + 1,
                                               .charge = counting::ShiftCharge(policy)}));
  // On a copy first: a rule that says no is the contest's end, a disk that says no is not.
  replay::LedgerState rules = state();
  const bool may_shift = rules.Apply(entry.bytes()).ok();
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  PINHOLE_FAULT_POINT("shift");
  absl::Status appended =
      may_shift ? ledger_.Append(transaction, entry) : AppendStop(transaction, *contest);
  return Finish(std::move(transaction), std::move(appended), before);
}

absl::Status Vault::AppendStop(storage::Transaction& transaction, const replay::Contest& contest) {
  const contest::Policy& policy = contest.policy.policy;
  ASSIGN_OR_RETURN(const log::EncodedEntry stop,
                   log::Encode(log::ActEntry{.contest = policy.contest,
                                             .round = contest.NextRound(),
                                             .kind = log::ActKind::kStop,
                                             .charge = counting::StopCharge(policy)}));
  RETURN_IF_ERROR(ledger_.Append(transaction, stop));
  return AppendClose(transaction, contest);
}

absl::StatusOr<std::vector<DueRun>> Vault::DueRuns() {
  std::vector<DueRun> runs;
  const replay::Contest* contest = state().Open();
  if (contest == nullptr) return runs;
  const auto due = contest->due.find(contest->NextRound());
  if (due == contest->due.end()) return runs;
  for (const int64_t admit : due->second) {
    if (runs_.FindAnswer(admit).has_value()) continue;
    ASSIGN_OR_RETURN(std::string program, runs_.Program(admit, layout_.programs()));
    ASSIGN_OR_RETURN(const PredictionSlot slot, runs_.Slot(admit));
    runs.push_back({.admit = admit,
                    .program_path = std::move(program),
                    .predictions_path = layout_.predictions(slot.container),
                    .predictions_offset = slot.offset});
  }
  return runs;
}

absl::Status Vault::CommitRun(int64_t admit, const Answer& answer, RunEvidence evidence) {
  const replay::Contest* contest = state().Open();
  if (contest == nullptr) return absl::FailedPreconditionError("no contest is open");
  evidence.build = build_;
  return runs_.Commit({.contest = contest->policy.policy.contest,
                       .round = contest->NextRound(),
                       .admit = admit,
                       .answer = answer,
                       .evidence = evidence});
}

absl::Status Vault::Exchange(ExchangeKind kind, const std::vector<Arrived>& arrived,
                             int64_t now_ms) {
  const int64_t before = ledger_.size();
  database_->HoldCheckpoints();
  refused_for_room_ = 0;
  refused_.clear();
  settled_.clear();
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  absl::Status appended = AppendAll(transaction, kind, arrived, now_ms);
  RETURN_IF_ERROR(Finish(std::move(transaction), std::move(appended), before));
  RemoveUnadmitted();
  return absl::OkStatus();
}

absl::Status Vault::Tidy() {
  ASSIGN_OR_RETURN(const std::set<std::string> known, runs_.Programs(layout_.programs()));
  std::error_code error;
  std::filesystem::directory_iterator file(layout_.programs(), error);
  for (; !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
    if (!known.contains(file->path().string())) ::unlink(file->path().c_str());
  }
  if (error) {
    return absl::InternalError(
        absl::StrFormat("read the folder %s: %s", layout_.programs(), error.message()));
  }
  ASSIGN_OR_RETURN(const std::set<std::string> strays, StrayPredictions(layout_, runs_));
  for (const std::string& name : strays)
    ::unlink(absl::StrFormat("%s/%s", layout_.evidence(), name).c_str());
  return EnsurePredictionRoom(layout_, state(), runs_);
}

void Vault::RemoveUnadmitted() {
  for (const Arrived* one : refused_) {
    const auto* submit = std::get_if<pipe::SubmitRequest>(&one->request);
    if (submit == nullptr) continue;
    // Another request of the same exchange may have brought the same program and was admitted.
    const absl::StatusOr<bool> known = runs_.Contains(*submit);
    if (known.ok() && !*known) ::unlink(one->program_path.c_str());
  }
  refused_.clear();
}

absl::Status Vault::AppendAll(storage::Transaction& transaction, ExchangeKind kind,
                              const std::vector<Arrived>& arrived, int64_t now_ms) {
  RETURN_IF_ERROR(AppendProposals(transaction, kind, now_ms));
  const replay::Contest* contest = state().Open();
  if (kind == ExchangeKind::kIdle || contest == nullptr) {
    for (const Arrived& one : arrived) refused_.push_back(&one);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(AppendResults(transaction, *contest));
  PINHOLE_FAULT_POINT("results-appended");
  RETURN_IF_ERROR(AppendArrived(transaction, arrived));
  return AppendRound(transaction, *contest);
}

absl::StatusOr<log::EncodedEntry> Vault::EntryOf(const Proposal& proposal, int64_t now_ms) const {
  ASSIGN_OR_RETURN(const log::Entry entry, log::ParseEntry(proposal.entry));
  if (const auto* act = std::get_if<log::ActEntry>(&entry)) return EntryOf(*act);
  if (const auto* dataset = std::get_if<log::DatasetEntry>(&entry)) return log::Encode(*dataset);
  const auto* policy = std::get_if<log::PolicyEntry>(&entry);
  if (policy == nullptr) return absl::InternalError("a proposal that is no entry of its kind");
  if (policy->policy.rounds.origin_ms <= now_ms) {
    return absl::FailedPreconditionError("the start of its first round has passed: open it again");
  }
  return log::Encode(*policy);
}

absl::StatusOr<log::EncodedEntry> Vault::EntryOf(log::ActEntry act) const {
  const replay::Contest* contest = state().Open();
  if (contest == nullptr || contest->policy.policy.contest != act.contest) {
    return absl::FailedPreconditionError("the contest is not open");
  }
  act.round = contest->NextRound();
  act.charge = ChargeOf(act.kind, contest->policy.policy);
  return log::Encode(act);
}

absl::Status Vault::AppendProposals(storage::Transaction& transaction, ExchangeKind kind,
                                    int64_t now_ms) {
  ASSIGN_OR_RETURN(const std::vector<Proposal> waiting, proposals_.Waiting());
  for (const Proposal& proposal : waiting) {
    // Before round 1 there is no exchange to act in: it waits for the first.
    if (proposal.kind == ProposalKind::kAct && kind == ExchangeKind::kIdle &&
        state().Open() != nullptr) {
      continue;
    }
    const absl::StatusOr<log::EncodedEntry> entry = EntryOf(proposal, now_ms);
    absl::Status appended = entry.ok() ? ledger_.Append(transaction, *entry) : entry.status();
    const bool refused =
        absl::IsFailedPrecondition(appended) || absl::IsResourceExhausted(appended);
    if (!appended.ok() && !refused) return appended;
    RETURN_IF_ERROR(proposals_.Settle(transaction, proposal.id,
                                      refused ? ProposalState::kRefused : ProposalState::kAppended,
                                      std::string(appended.message())));
    settled_.push_back(
        {.id = proposal.id, .state = refused ? ProposalState::kRefused : ProposalState::kAppended});
  }
  return absl::OkStatus();
}

absl::Status Vault::AppendResults(storage::Transaction& transaction,
                                  const replay::Contest& contest) {
  const auto found = contest.due.find(contest.NextRound());
  if (found == contest.due.end()) return absl::OkStatus();
  const std::vector<int64_t> due = found->second;
  ASSIGN_OR_RETURN(const log::Blinder blinder, ledger_.BlinderOf(contest, contest.NextRound()));
  for (const int64_t admit : due) {
    const std::optional<score::RunLevels> levels = LevelsOf(admit, contest);
    std::optional<score::Level> level;
    if (levels.has_value()) level = levels->public_level;
    ASSIGN_OR_RETURN(log::EncodedEntry entry, gate::Release(contest, contest.admissions.at(admit),
                                                            level, blinder.Of(ledger_.size())));
    RETURN_IF_ERROR(ledger_.Append(transaction, std::move(entry)));
  }
  return absl::OkStatus();
}

absl::Status Vault::AppendArrived(storage::Transaction& transaction,
                                  const std::vector<Arrived>& arrived) {
  PredictionRoom room(layout_, keep_free_bytes_);
  auto left = static_cast<int64_t>(arrived.size());
  for (const Arrived& one : arrived) {
    if (const auto* submit = std::get_if<pipe::SubmitRequest>(&one.request)) {
      ASSIGN_OR_RETURN(const bool has_run,
                       AppendSubmission(transaction, *submit, one.commitment, room, left));
      if (!has_run) refused_.push_back(&one);
    } else if (const auto* choice = std::get_if<pipe::ChooseRequest>(&one.request)) {
      RETURN_IF_ERROR(AppendChoice(transaction, *choice));
    } else {
      RETURN_IF_ERROR(AppendJoin(transaction, std::get<pipe::JoinRequest>(one.request)));
    }
    --left;
  }
  return room.Finish();
}

absl::Status Vault::AppendJoin(storage::Transaction& transaction,
                               const pipe::JoinRequest& request) {
  const absl::StatusOr<log::TeamEntry> planned = replay::PlanJoin(state(), request);
  if (!planned.ok()) return absl::OkStatus();  // not admissible: the front can tell by itself
  ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(*planned));
  return ledger_.Append(transaction, entry);
}

absl::Status Vault::AppendChoice(storage::Transaction& transaction,
                                 const pipe::ChooseRequest& request) {
  const absl::StatusOr<log::ChoiceEntry> planned = replay::PlanChoice(state(), request);
  if (!planned.ok()) return absl::OkStatus();  // its submission may have had no score by now
  ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(*planned));
  return ledger_.Append(transaction, entry);
}

absl::StatusOr<bool> Vault::AppendSubmission(storage::Transaction& transaction,
                                             const pipe::SubmitRequest& request,
                                             const Digest& commitment, PredictionRoom& room,
                                             int64_t most) {
  ASSIGN_OR_RETURN(const bool known, runs_.Contains(request));
  if (known) return true;  // the earlier result stands: no run, no try
  if (replay::FindRequest(state(), request) != nullptr) return false;  // the same entry stands
  const absl::StatusOr<log::AdmitEntry> planned = replay::PlanAdmit(state(), request, commitment);
  if (!planned.ok()) return false;
  const int64_t index = ledger_.size();
  // The room for a run's predictions is taken when it is admitted: later it could only be missing.
  const int64_t output_bytes = state().Find(request.contest)->policy.policy.limits.output_bytes;
  const absl::StatusOr<PredictionSlot> slot = room.Take(index, output_bytes, most);
  if (!slot.ok()) {
    ++refused_for_room_;  // it may come again
    return false;
  }
  ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(*planned));
  RETURN_IF_ERROR(ledger_.Append(transaction, entry));
  PINHOLE_FAULT_POINT("admit-appended");
  RETURN_IF_ERROR(runs_.Add(transaction, index, *slot, request));
  return true;
}

absl::Status Vault::AppendRound(storage::Transaction& transaction, const replay::Contest& contest) {
  ASSIGN_OR_RETURN(const log::Blinder blinder, ledger_.BlinderOf(contest, contest.NextRound()));
  ASSIGN_OR_RETURN(const log::EncodedEntry round,
                   log::Encode(log::RoundEntry{.contest = contest.policy.policy.contest,
                                               .round = contest.NextRound(),
                                               .admitted = contest.admitted,
                                               .released = contest.released,
                                               .root_before = state().Root(),
                                               .blinding = blinder.blinding()}));
  RETURN_IF_ERROR(ledger_.Append(transaction, round));
  const bool last = contest.last_round == contest.policy.policy.rounds.count;
  if (!contest.due.empty() || (!last && contest.phase != replay::Phase::kClosing))
    return absl::OkStatus();
  RETURN_IF_ERROR(AppendFinal(transaction, contest, blinder));
  return AppendClose(transaction, contest);
}

absl::Status Vault::AppendFinal(storage::Transaction& transaction, const replay::Contest& contest,
                                const log::Blinder& blinder) {
  if (contest.policy.policy.release.final_rule == contest::FinalRule::kNone)
    return absl::OkStatus();
  gate::FinalLevels levels;
  for (const int number : replay::FinalTeams(contest)) {
    const replay::Team& team = contest.teams[static_cast<size_t>(number - 1)];
    const std::optional<score::RunLevels> run = LevelsOf(team.JudgedBy(), contest);
    levels[number] = run.has_value() ? std::optional(run->final_level) : std::nullopt;
  }
  ASSIGN_OR_RETURN(const std::vector<log::EncodedEntry> places,
                   gate::FinalBoard::Release(contest, levels, ledger_.size(), blinder));
  for (const log::EncodedEntry& place : places) RETURN_IF_ERROR(ledger_.Append(transaction, place));
  return absl::OkStatus();
}

absl::Status Vault::AppendClose(storage::Transaction& transaction, const replay::Contest& contest) {
  ASSIGN_OR_RETURN(const log::Blinder blinder, ledger_.BlinderOf(contest, contest.last_round));
  ASSIGN_OR_RETURN(const log::EncodedEntry close,
                   log::Encode(log::CloseEntry{.contest = contest.policy.policy.contest,
                                               .round = contest.last_round,
                                               .used = contest.Used(),
                                               .blind = blinder.Of(ledger_.size())}));
  return ledger_.Append(transaction, close);
}

std::optional<score::RunLevels> Vault::LevelsOf(int64_t admit,
                                                const replay::Contest& contest) const {
  const std::optional<Answer> answer = runs_.FindAnswer(admit);
  if (!answer.has_value()) return std::nullopt;
  // Anything but two levels of this scale is a failed run: the scorer worked beside hostile bytes.
  const auto levels =
      score::DecodeAnswer(*answer, contest.policy.policy.scoring.scale.level_count());
  return levels.ok() ? *levels : std::nullopt;
}

}  // namespace pinhole::vault
