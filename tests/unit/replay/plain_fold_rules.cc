// How the plain fold judges each type of entry.
#include "absl/strings/str_format.h"
#include "server/core/base/ed25519.h"
#include "server/core/contest/validate.h"
#include "server/core/counting/acts.h"
#include "server/core/counting/final_board.h"
#include "server/core/counting/worst_case.h"
#include "tests/unit/replay/plain_fold.h"

namespace pinhole::replay {
namespace {

absl::Status No() { return absl::FailedPreconditionError("refused"); }
absl::Status Unless(bool holds) { return holds ? absl::OkStatus() : No(); }

}  // namespace

absl::Status PlainFold::Judge(const log::StartEntry& entry) const {
  for (const auto* start : All<log::StartEntry>()) {
    if (start->nonce == entry.nonce) return No();
  }
  if (entry.previous_size != static_cast<int64_t>(size())) return No();
  counting::Bits charge;
  bool witnessed = false;
  if (Count<log::PolicyEntry>() > 0 && !Closed()) {
    const contest::Policy& policy = All<log::PolicyEntry>()[0]->policy;
    const bool between =
        CountSinceRound<log::AdmitEntry>() + CountSinceRound<log::ResultEntry>() == 0;
    if (RunningPolicy(policy.contest) == nullptr || AtEnd(policy, LastRound()) || !between)
      return No();
    witnessed = policy.witnesses.asked();
    const counting::Bits cost = counting::StartCharge(policy);
    if (Count<log::AdmitEntry>() > 0 && Paid(policy, cost).ok()) charge = cost;
  }
  return Unless(entry.charge == charge && entry.blinding.has_value() == witnessed);
}

absl::Status PlainFold::Judge(const log::DatasetEntry& entry) const {
  if (!Verify(entry.owner, log::DatasetStatement(entry), entry.signature)) return No();
  const bool contest_open = Count<log::PolicyEntry>() > 0 && !Closed();
  // These ledgers hold one version.
  if (contest_open || Count<log::DatasetEntry>() > 0 || entry.version != 1) return No();
  return entry.declassified > entry.budget ? absl::ResourceExhaustedError("budget")
                                           : absl::OkStatus();
}

absl::Status PlainFold::Judge(const log::PolicyEntry& entry) const {
  const auto datasets = All<log::DatasetEntry>();
  if (datasets.empty() || Count<log::PolicyEntry>() > 0 || entry.policy.version != 1) return No();
  const log::DatasetEntry& data = *datasets[0];
  const std::string statement = log::PolicyStatement(entry);
  const counting::WorstCase worst = counting::CountWorstCase(entry.policy);
  const bool fits = entry.policy.deployment == data.deployment &&
                    contest::ValidateFor(entry.policy, {.deployment = data.deployment,
                                                        .public_rows = data.public_rows,
                                                        .final_rows = data.final_rows,
                                                        .weights = contest::WeightsOf(data.shape)})
                        .ok();
  if (!fits || !Verify(entry.policy.organizer, statement, entry.organizer_signature) ||
      !Verify(data.owner, statement, entry.owner_signature) ||
      entry.team_count != worst.team_count || entry.team != worst.team ||
      entry.shared_count != worst.shared_count || entry.shared != worst.shared ||
      entry.final_board != worst.final_board || entry.contest != worst.contest ||
      worst.acts < counting::StopCharge(entry.policy)) {
    return No();
  }
  const counting::Bits needed =
      data.declassified + worst.contest + counting::Bits{entry.policy.baseline_thousandths};
  return needed > data.budget ? absl::ResourceExhaustedError("budget") : absl::OkStatus();
}

absl::Status PlainFold::Judge(const log::TeamEntry& entry) const {
  const contest::Policy* const policy = RunningPolicy(entry.contest);
  if (policy == nullptr || entry.round != LastRound() + 1 || Closing() ||
      entry.number != Count<log::TeamEntry>() + 1 || entry.number > policy->release.teams ||
      entry.reserved != BitsOf(*policy, counting::StartState(*policy))) {
    return No();
  }
  for (const auto* team : All<log::TeamEntry>()) {
    if (team->key == entry.key || team->name == entry.name || team->invitation == entry.invitation)
      return No();
  }
  return absl::OkStatus();
}

absl::Status PlainFold::Judge(const log::AdmitEntry& entry) const {
  const contest::Policy* const policy = RunningPolicy(entry.contest);
  if (policy == nullptr || entry.round != LastRound() + 1 || Closing()) return No();
  const std::vector<PlainTeam> teams = Teams();
  if (entry.team > static_cast<int>(teams.size())) return No();
  const PlainTeam& team = teams[static_cast<size_t>(entry.team - 1)];
  if (team.disqualified) return No();
  int64_t today = 0;
  for (const auto* admit : All<log::AdmitEntry>()) {
    if (admit->team != entry.team) continue;
    if (admit->request_id == entry.request_id) return No();
    if (admit->round > entry.round - contest::RoundsPerDay(policy->rounds)) ++today;
  }
  return Unless(
      entry.try_number == team.tries + 1 && entry.try_number <= LimitsAfter(size()).tries &&
      (policy->release.tries_per_day == 0 || today < policy->release.tries_per_day) &&
      team.waiting < policy->release.waiting && entry.run_round == RunRound(entry.round) &&
      entry.result_round == entry.run_round && entry.run_round <= policy->rounds.count &&
      entry.size_class <= log::SizeClass(policy->limits.program_bytes) &&
      entry.show_below.value_or(0) <= policy->scoring.scale.level_count());
}

absl::Status PlainFold::Judge(const log::ResultEntry& entry) const {
  const contest::Policy* const policy = RunningPolicy(entry.contest);
  if (policy == nullptr || entry.round != LastRound() + 1) return No();
  const std::vector<int64_t> due = Due(entry.round);
  if (due.empty() || due[0] != entry.admit) return No();
  const auto& admit = std::get<log::AdmitEntry>(entries_[static_cast<size_t>(entry.admit)]);
  if (admit.team != entry.team) return No();
  const counting::TeamState before = Teams()[static_cast<size_t>(entry.team - 1)].state;
  const counting::SharedState shared = Shared();
  const auto after = counting::StatesAfter(*policy, before, shared, entry.symbol);
  if (!after.ok()) return after.status();
  const bool hidden = entry.symbol.kind == counting::SymbolKind::kLevel &&
                      admit.show_below.has_value() && entry.symbol.level >= *admit.show_below;
  const counting::Bits charge =
      BitsOf(*policy, before) - BitsOf(*policy, after->team) +
      (SharedBitsOf(*policy, shared) - SharedBitsOf(*policy, after->shared));
  return Unless(!hidden &&
                entry.after == counting::StateOfBoth(*policy, after->team, after->shared) &&
                entry.charge == charge && entry.blind.has_value() == policy->witnesses.asked() &&
                entry.text == counting::SymbolText(entry.symbol, policy->scoring.scale));
}

// The newest value of a chain, by whom it was begun.
Digest PlainFold::Blinding() const {
  Digest newest = All<log::PolicyEntry>()[0]->policy.witnesses.blinding;
  for (const log::Entry& entry : entries_) {
    const auto* round = std::get_if<log::RoundEntry>(&entry);
    const auto* start = std::get_if<log::StartEntry>(&entry);
    if (round != nullptr) newest = round->blinding.value_or(newest);
    if (start != nullptr) newest = start->blinding.value_or(newest);
  }
  return newest;
}

// SHA-256(blinding ‖ the index as eight bytes), for entry number `index`.
bool PlainFold::IsBlindOf(const Digest& blinding, size_t index,
                          const std::optional<Digest>& blind) const {
  if (!All<log::PolicyEntry>()[0]->policy.witnesses.asked()) return !blind.has_value();
  std::string text(AsText(blinding));
  for (int shift = 56; shift >= 0; shift -= 8) text.push_back(static_cast<char>(index >> shift));
  return blind == Sha256(text);
}

bool PlainFold::BlindingHolds(const log::RoundEntry& round) const {
  if (!All<log::PolicyEntry>()[0]->policy.witnesses.asked()) return !round.blinding.has_value();
  if (!round.blinding.has_value() || Sha256(AsText(*round.blinding)) != Blinding()) return false;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto* result = std::get_if<log::ResultEntry>(&entries_[i]);
    if (result == nullptr || result->round != round.round) continue;
    if (!IsBlindOf(*round.blinding, i, result->blind)) return false;
  }
  return true;
}

absl::Status PlainFold::Judge(const log::RoundEntry& entry) const {
  const contest::Policy* const policy = RunningPolicy(entry.contest);
  return Unless(policy != nullptr && entry.round == LastRound() + 1 &&
                entry.round <= policy->rounds.count &&
                entry.admitted == CountSinceRound<log::AdmitEntry>() &&
                entry.released == CountSinceRound<log::ResultEntry>() && Due(entry.round).empty() &&
                BlindingHolds(entry) && entry.root_before == Root());
}

absl::Status PlainFold::Judge(const log::ShiftEntry& entry) const {
  const contest::Policy* const policy = RunningPolicy(entry.contest);
  if (policy == nullptr || entry.round != LastRound() + 1 ||
      CountSinceRound<log::AdmitEntry>() + CountSinceRound<log::ResultEntry>() > 0 ||
      entry.count != Count<log::ShiftEntry>() + 1 || entry.moved > policy->rounds.max_shift ||
      entry.charge != counting::ShiftCharge(*policy)) {
    return No();
  }
  return Paid(*policy, entry.charge);
}

absl::Status PlainFold::Judge(const log::ActEntry& entry) const {
  const contest::Policy* const policy = RunningPolicy(entry.contest);
  if (policy == nullptr || entry.round != LastRound() + 1) return No();
  const bool of_team =
      entry.kind == log::ActKind::kDisqualify || entry.kind == log::ActKind::kReinstate;
  if (of_team && entry.value.has_value()) return No();
  if (of_team) {
    const std::vector<PlainTeam> teams = Teams();
    if (entry.team < 1 || entry.team > static_cast<int>(teams.size()) ||
        teams[static_cast<size_t>(entry.team - 1)].disqualified ==
            (entry.kind == log::ActKind::kDisqualify) ||
        entry.charge != counting::TeamActCharge(*policy)) {
      return No();
    }
  } else if (entry.value.has_value()) {
    const counting::Limits limits = LimitsPromised();
    const int was = entry.kind == log::ActKind::kLowerTries           ? limits.tries
                    : entry.kind == log::ActKind::kLowerShownScores   ? limits.shown_scores
                    : entry.kind == log::ActKind::kLowerShownFailures ? limits.shown_failures
                                                                      : 0;
    if (entry.team != 0 || *entry.value >= was || entry.charge != counting::TightenCharge(*policy))
      return No();
  } else if (entry.kind >= log::ActKind::kLowerTries || entry.team != 0 ||
             entry.charge != (entry.kind == log::ActKind::kStop
                                  ? counting::StopCharge(*policy)
                                  : counting::CloseEarlyCharge(*policy))) {
    return No();
  }
  if (entry.kind == log::ActKind::kStop) {
    return Unless(entry.signature == Signature{} &&
                  CountSinceRound<log::AdmitEntry>() + CountSinceRound<log::ResultEntry>() == 0);
  }
  if (entry.kind == log::ActKind::kCloseEarly && Closing()) return No();
  const std::string statement = log::ActStatement(entry, static_cast<int>(Count<log::ActEntry>()));
  if (!Verify(policy->organizer, statement, entry.signature)) return No();
  return Paid(*policy, entry.charge);
}

absl::Status PlainFold::Judge(const log::ChoiceEntry& entry) const {
  const contest::Policy* const policy = RunningPolicy(entry.contest);
  if (policy == nullptr || entry.round != LastRound() + 1 ||
      policy->release.final_rule == contest::FinalRule::kNone ||
      entry.team > Count<log::TeamEntry>()) {
    return No();
  }
  const PlainTeam team = Teams()[static_cast<size_t>(entry.team - 1)];
  if (team.disqualified || team.choice == entry.admit) return No();
  for (const auto* choice : All<log::ChoiceEntry>()) {
    if (choice->team == entry.team && choice->round == entry.round) return No();
  }
  if (entry.admit.has_value()) {
    const auto* const admit =
        *entry.admit < static_cast<int64_t>(size())
            ? std::get_if<log::AdmitEntry>(&entries_[static_cast<size_t>(*entry.admit)])
            : nullptr;
    if (admit == nullptr || admit->team != entry.team) return No();
    for (const auto* result : All<log::ResultEntry>()) {
      if (result->admit == *entry.admit && result->symbol.kind != counting::SymbolKind::kLevel)
        return No();
    }
  }
  const std::string statement =
      log::ChoiceStatement(entry.contest, entry.team, entry.admit, team.choices);
  return Unless(Verify(team.entry.key, statement, entry.signature));
}

absl::Status PlainFold::Judge(const log::FinalEntry& entry) const {
  const contest::Policy* const policy = OpenPolicy(entry.contest);
  if (policy == nullptr || !AtEnd(*policy, entry.round) || ActsOf(log::ActKind::kStop) > 0)
    return No();
  const std::vector<PlainTeam> finalists = Finalists();
  const int count = static_cast<int>(finalists.size());
  const int place = static_cast<int>(Count<log::FinalEntry>()) + 1;
  if (entry.place != place || place > counting::FinalPlaces(*policy, count)) return No();
  const PlainTeam* team = nullptr;
  for (const PlainTeam& one : finalists) {
    if (one.entry.number == entry.team) team = &one;
  }
  if (team == nullptr || team->judged_by != entry.admit) return No();
  for (const auto* other : All<log::FinalEntry>()) {
    if (other->team == entry.team) return No();
  }
  const bool every = policy->release.final_rule == contest::FinalRule::kEveryTeam;
  const int levels = policy->scoring.scale.level_count();
  return Unless(entry.level.has_value() == every && entry.level.value_or(0) <= levels &&
                (!every || &finalists[static_cast<size_t>(place - 1)] == team) &&
                IsBlindOf(Blinding(), size(), entry.blind) &&
                entry.text == counting::FinalText(entry.level, policy->scoring.scale) &&
                entry.charge == counting::FinalCharge(*policy, count, place));
}

absl::Status PlainFold::Judge(const log::CloseEntry& entry) const {
  const contest::Policy* const policy = OpenPolicy(entry.contest);
  if (policy == nullptr || !AtEnd(*policy, entry.round)) return No();
  const int places = ActsOf(log::ActKind::kStop) > 0
                         ? 0
                         : counting::FinalPlaces(*policy, static_cast<int>(Finalists().size()));
  return Unless(Count<log::FinalEntry>() == places && IsBlindOf(Blinding(), size(), entry.blind) &&
                entry.used == Charged() + ActsUsed() + FinalCharged());
}

}  // namespace pinhole::replay
