#include "tests/unit/replay/plain_fold.h"

#include <bit>
#include <map>

#include "absl/strings/str_format.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/hex.h"
#include "server/core/contest/validate.h"
#include "server/core/counting/acts.h"
#include "server/core/counting/final_board.h"
#include "server/core/counting/worst_case.h"

namespace pinhole::replay {
namespace {

absl::Status No() { return absl::FailedPreconditionError("refused"); }
absl::Status Unless(bool holds) { return holds ? absl::OkStatus() : No(); }

std::string BlindText(const std::optional<Digest>& blind) {
  return blind.has_value() ? HexEncode(*blind) : "-";
}

// What the value is written as, padded; RESULT by the format's own words, since only the gate may
// encode one.
std::string Spelling(const log::ResultEntry& e) {
  std::string line = absl::StrFormat(
      "RESULT 1 contest=%s round=%d admit=%d team=%d symbol=%d text=%s charge_bits=%d.%03d "
      "tries_left=%d levels_left=%d scores_left=%d failures_left=%d blind=%s",
      e.contest, e.round, e.admit, e.team, counting::SymbolIndex(e.symbol), e.text,
      e.charge.thousandths / 1000, e.charge.thousandths % 1000, e.after.tries, e.after.levels,
      e.after.scores, e.after.failures, BlindText(e.blind));
  line.resize(511, ' ');
  return line + "\n";
}
std::string Spelling(const log::FinalEntry& e) {
  std::string line = absl::StrFormat(
      "FINAL 1 contest=%s round=%d place=%d team=%d admit=%d level=%s text=%s charge_bits=%d.%03d "
      "blind=%s",
      e.contest, e.round, e.place, e.team, e.admit,
      e.level.has_value() ? absl::StrFormat("%d", *e.level) : "-", e.text,
      e.charge.thousandths / 1000, e.charge.thousandths % 1000, BlindText(e.blind));
  line.resize(511, ' ');
  return line + "\n";
}
template <typename T>
std::string Spelling(const T& entry) {
  const auto encoded = log::Encode(entry);
  return encoded.ok() ? encoded->bytes() : "";
}

// By whole numbers of any size.
counting::Bits BitsOf(const contest::Policy& policy, const counting::TeamState& state) {
  return counting::CountContinuations(policy, state).CeilLog2();
}

counting::Bits SharedBitsOf(const contest::Policy& policy, const counting::SharedState& state) {
  return counting::CountShared(policy, state).CeilLog2();
}

}  // namespace

absl::Status PlainFold::Apply(std::string_view bytes) {
  absl::StatusOr<log::Entry> entry = log::ParseEntry(bytes);
  if (!entry.ok()) return entry.status();
  const std::string spelling =
      std::visit([](const auto& value) { return Spelling(value); }, *entry);
  if (spelling != bytes) return absl::InvalidArgumentError("another spelling");
  if (const auto* act = std::get_if<log::ActEntry>(&*entry);
      MustStop() && (act == nullptr || act->kind != log::ActKind::kStop)) {
    return No();
  }
  absl::Status judged = std::visit([this](const auto& value) { return Judge(value); }, *entry);
  if (!judged.ok()) return judged;
  bytes_.emplace_back(bytes);
  entries_.push_back(*std::move(entry));
  return absl::OkStatus();
}

template <typename T>
std::vector<const T*> PlainFold::All() const {
  std::vector<const T*> all;
  for (const log::Entry& entry : entries_) {
    if (const T* one = std::get_if<T>(&entry); one != nullptr) all.push_back(one);
  }
  return all;
}
template <typename T>
int64_t PlainFold::Count() const {
  return static_cast<int64_t>(All<T>().size());
}
template <typename T>
int64_t PlainFold::CountSinceRound() const {
  int64_t count = 0;
  for (const log::Entry& entry : entries_) {
    if (std::holds_alternative<log::RoundEntry>(entry)) count = 0;
    if (std::holds_alternative<T>(entry)) ++count;
  }
  return count;
}

// RFC 6962 section 2.1, as it is written there.
Digest PlainFold::RootOfRange(size_t begin, size_t end) const {
  if (begin == end) return Sha256("");
  if (end - begin == 1) return Sha256(std::string(1, '\0') + bytes_[begin]);
  const size_t left = std::bit_floor(end - begin - 1);
  std::string node = "\x01";
  for (const Digest& digest : {RootOfRange(begin, begin + left), RootOfRange(begin + left, end)}) {
    node += AsText(digest);
  }
  return Sha256(node);
}

const contest::Policy* PlainFold::OpenPolicy(std::string_view contest) const {
  const auto policies = All<log::PolicyEntry>();
  if (policies.empty() || Closed() || policies[0]->policy.contest != contest) return nullptr;
  return &policies[0]->policy;
}

bool PlainFold::Closed() const { return Count<log::CloseEntry>() > 0; }

int64_t PlainFold::LastRound() const { return Count<log::RoundEntry>(); }

counting::Bits PlainFold::ActsUsed() const {
  counting::Bits used;
  for (const auto* shift : All<log::ShiftEntry>()) used += shift->charge;
  for (const auto* act : All<log::ActEntry>()) used += act->charge;
  for (const auto* start : All<log::StartEntry>()) used += start->charge;
  return used;
}

counting::Bits PlainFold::FinalCharged() const {
  counting::Bits charged;
  for (const auto* place : All<log::FinalEntry>()) charged += place->charge;
  return charged;
}

int64_t PlainFold::ActsOf(log::ActKind kind) const {
  int64_t count = 0;
  for (const auto* act : All<log::ActEntry>()) count += act->kind == kind ? 1 : 0;
  return count;
}

bool PlainFold::Closing() const {
  return ActsOf(log::ActKind::kCloseEarly) + ActsOf(log::ActKind::kStop) > 0;
}

const contest::Policy* PlainFold::RunningPolicy(std::string_view contest) const {
  const contest::Policy* const policy = OpenPolicy(contest);
  if (policy == nullptr || ActsOf(log::ActKind::kStop) > 0 || Count<log::FinalEntry>() > 0 ||
      LastRound() >= policy->rounds.count) {
    return nullptr;
  }
  return policy;
}

bool PlainFold::AtEnd(const contest::Policy& policy, int64_t round) const {
  const bool none_due =
      Count<log::AdmitEntry>() == Count<log::ResultEntry>() || ActsOf(log::ActKind::kStop) > 0;
  return round == LastRound() &&
         CountSinceRound<log::AdmitEntry>() + CountSinceRound<log::ResultEntry>() == 0 &&
         none_due && (Closing() || LastRound() >= policy.rounds.count);
}

counting::SharedState PlainFold::Shared() const {
  counting::SharedState shared = counting::StartShared(All<log::PolicyEntry>()[0]->policy);
  if (shared == counting::SharedState()) return shared;
  for (const auto* result : All<log::ResultEntry>()) {
    shared = {
        .tries = shared.tries - 1, .levels = result->after.levels, .scores = result->after.scores};
  }
  return shared;
}

std::vector<PlainTeam> PlainFold::Finalists() const {
  std::vector<PlainTeam> finalists;
  for (const PlainTeam& team : Teams()) {
    if (team.best_level.has_value() && !team.disqualified) finalists.push_back(team);
  }
  return finalists;
}

absl::Status PlainFold::Paid(const contest::Policy& policy, counting::Bits charge) const {
  return ActsUsed() + charge + counting::StopCharge(policy) >
                 counting::Bits{policy.release.acts_thousandths}
             ? absl::ResourceExhaustedError("acts")
             : absl::OkStatus();
}

counting::Bits PlainFold::Charged() const {
  counting::Bits charged;
  for (const auto* result : All<log::ResultEntry>()) charged += result->charge;
  return charged;
}

std::vector<PlainTeam> PlainFold::Teams() const {
  std::vector<PlainTeam> teams;
  for (const auto* entry : All<log::TeamEntry>()) {
    const contest::Policy& policy = All<log::PolicyEntry>()[0]->policy;
    PlainTeam team{.entry = *entry, .state = counting::StartState(policy)};
    for (const auto* admit : All<log::AdmitEntry>()) {
      if (admit->team == entry->number) ++team.tries, ++team.waiting;
    }
    for (const auto* result : All<log::ResultEntry>()) {
      if (result->team != entry->number) continue;
      --team.waiting;
      const counting::TeamState before = team.state;
      team.state = result->after;
      if (policy.release.rule == contest::ReleaseRule::kRecords) {
        team.state.levels = team.state.scores = 0;
      }
      team.charged += BitsOf(policy, before) - BitsOf(policy, team.state);
      if (result->symbol.kind == counting::SymbolKind::kLevel &&
          result->symbol.level < team.best_level.value_or(1 << 20)) {
        team.best_level = result->symbol.level;
        team.best_admit = result->admit;
      }
    }
    for (const auto* act : All<log::ActEntry>()) {
      if (act->team == entry->number) team.disqualified = act->kind == log::ActKind::kDisqualify;
    }
    teams.push_back(team);
  }
  return teams;
}

std::vector<int64_t> PlainFold::Due(int64_t round) const {
  std::vector<int64_t> due;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto* admit = std::get_if<log::AdmitEntry>(&entries_[i]);
    if (admit == nullptr || admit->result_round != round) continue;
    bool released = false;
    for (const auto* result : All<log::ResultEntry>())
      released = released || result->admit == static_cast<int64_t>(i);
    if (!released) due.push_back(static_cast<int64_t>(i));
  }
  return due;
}

// The first later round that is not full, and not before the round of an earlier admission.
int64_t PlainFold::RunRound(int64_t round) const {
  const contest::Policy& policy = All<log::PolicyEntry>()[0]->policy;
  std::map<int64_t, int64_t> used;
  int64_t first = round + 1;
  for (const auto* admit : All<log::AdmitEntry>()) {
    ++used[admit->run_round];
    first = std::max(first, admit->run_round);
  }
  const int64_t capacity = int64_t{policy.rounds.lanes} * contest::RunsPerLane(policy);
  while (used[first] >= capacity) ++first;
  return first;
}

bool PlainFold::MustStop() const {
  const auto* const last =
      entries_.empty() ? nullptr : std::get_if<log::StartEntry>(&entries_.back());
  return last != nullptr && last->charge == counting::Bits{} && Count<log::AdmitEntry>() > 0 &&
         !Closed();
}

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
  return Unless(entry.try_number == team.tries + 1 && entry.try_number <= policy->release.tries &&
                (policy->release.tries_per_day == 0 || today < policy->release.tries_per_day) &&
                team.waiting < policy->release.waiting &&
                entry.run_round == RunRound(entry.round) && entry.result_round == entry.run_round &&
                entry.run_round <= policy->rounds.count &&
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
  if (of_team) {
    const std::vector<PlainTeam> teams = Teams();
    if (entry.team < 1 || entry.team > static_cast<int>(teams.size()) ||
        teams[static_cast<size_t>(entry.team - 1)].disqualified ==
            (entry.kind == log::ActKind::kDisqualify) ||
        entry.charge != counting::TeamActCharge(*policy)) {
      return No();
    }
  } else if (entry.team != 0 || entry.charge != (entry.kind == log::ActKind::kStop
                                                     ? counting::StopCharge(*policy)
                                                     : counting::CloseEarlyCharge(*policy))) {
    return No();
  }
  if (entry.kind == log::ActKind::kStop) {
    return Unless(entry.signature == Signature{} &&
                  CountSinceRound<log::AdmitEntry>() + CountSinceRound<log::ResultEntry>() == 0);
  }
  if (entry.kind == log::ActKind::kCloseEarly && Closing()) return No();
  const std::string statement = log::ActStatement(entry.contest, entry.kind, entry.team,
                                                  static_cast<int>(Count<log::ActEntry>()));
  if (!Verify(policy->organizer, statement, entry.signature)) return No();
  return Paid(*policy, entry.charge);
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
  if (team == nullptr || team->best_admit != entry.admit) return No();
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
