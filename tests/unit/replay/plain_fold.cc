#include "tests/unit/replay/plain_fold.h"

#include <bit>
#include <map>

#include "absl/strings/str_format.h"
#include "server/core/base/hex.h"
#include "server/core/counting/acts.h"

namespace pinhole::replay {
namespace {

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

}  // namespace

// By whole numbers of any size.
counting::Bits PlainFold::BitsOf(const contest::Policy& policy, const counting::TeamState& state) {
  return counting::CountContinuations(policy, state).CeilLog2();
}

counting::Bits PlainFold::SharedBitsOf(const contest::Policy& policy,
                                       const counting::SharedState& state) {
  return counting::CountShared(policy, state).CeilLog2();
}

absl::Status PlainFold::Apply(std::string_view bytes) {
  absl::StatusOr<log::Entry> entry = log::ParseEntry(bytes);
  if (!entry.ok()) return entry.status();
  const std::string spelling =
      std::visit([](const auto& value) { return Spelling(value); }, *entry);
  if (spelling != bytes) return absl::InvalidArgumentError("another spelling");
  if (const auto* act = std::get_if<log::ActEntry>(&*entry);
      MustStop() && (act == nullptr || act->kind != log::ActKind::kStop)) {
    return absl::FailedPreconditionError("refused");
  }
  absl::Status judged = std::visit([this](const auto& value) { return Judge(value); }, *entry);
  if (!judged.ok()) return judged;
  bytes_.emplace_back(bytes);
  entries_.push_back(*std::move(entry));
  return absl::OkStatus();
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

counting::Limits PlainFold::LimitsAfter(size_t size) const {
  counting::Limits in_force = counting::LimitsOf(All<log::PolicyEntry>()[0]->policy);
  counting::Limits promised = in_force;
  for (size_t i = 0; i < size; ++i) {
    if (std::holds_alternative<log::RoundEntry>(entries_[i])) in_force = promised;
    const auto* act = std::get_if<log::ActEntry>(&entries_[i]);
    if (act == nullptr || !act->value.has_value()) continue;
    if (act->kind == log::ActKind::kLowerTries) promised.tries = *act->value;
    if (act->kind == log::ActKind::kLowerShownScores) promised.shown_scores = *act->value;
    if (act->kind == log::ActKind::kLowerShownFailures) promised.shown_failures = *act->value;
  }
  return in_force;
}

counting::Limits PlainFold::LimitsPromised() const {
  counting::Limits promised = counting::LimitsOf(All<log::PolicyEntry>()[0]->policy);
  for (const auto* act : All<log::ActEntry>()) {
    if (act->kind == log::ActKind::kLowerTries) promised.tries = *act->value;
    if (act->kind == log::ActKind::kLowerShownScores) promised.shown_scores = *act->value;
    if (act->kind == log::ActKind::kLowerShownFailures) promised.shown_failures = *act->value;
  }
  return promised;
}

// Scores that were shown are what the limit in force has lost; never fewer than none are left.
counting::SharedState PlainFold::Shared() const {
  const contest::Policy& policy = All<log::PolicyEntry>()[0]->policy;
  if (policy.release.rule != contest::ReleaseRule::kRecords) return {};
  const counting::Limits limits = LimitsAfter(entries_.size());
  counting::SharedState shared{.levels = policy.scoring.scale.level_count(),
                               .scores = limits.shown_scores};
  for (const auto* result : All<log::ResultEntry>()) {
    if (result->symbol.kind != counting::SymbolKind::kLevel) continue;
    shared.levels = result->after.levels;
    shared.scores = std::max(0, shared.scores - 1);
  }
  for (const PlainTeam& team : Teams()) shared.tries += team.state.tries;
  shared.tries += (policy.release.teams - Count<log::TeamEntry>()) * limits.tries;
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

// Each team's state from the limits in force and what was shown so far.
std::vector<PlainTeam> PlainFold::TeamsAfter(size_t size) const {
  std::vector<PlainTeam> teams;
  for (const auto* entry : AllOf<log::TeamEntry>(size)) {
    const contest::Policy& policy = All<log::PolicyEntry>()[0]->policy;
    const bool shares = policy.release.rule == contest::ReleaseRule::kRecords;
    const counting::Limits limits = LimitsAfter(size);
    PlainTeam team{.entry = *entry};
    int scores = 0;
    int failures = 0;
    int levels = counting::StartState(policy).levels;
    std::vector<int64_t> shown;
    for (const auto* admit : AllOf<log::AdmitEntry>(size)) {
      if (admit->team == entry->number) ++team.tries, ++team.waiting;
    }
    for (const auto* result : AllOf<log::ResultEntry>(size)) {
      if (result->team != entry->number) continue;
      --team.waiting;
      failures += result->symbol.kind == counting::SymbolKind::kFailed ? 1 : 0;
      if (result->symbol.kind != counting::SymbolKind::kLevel) continue;
      ++scores;
      shown.push_back(result->admit);
      if (!shares) levels = result->after.levels;
      if (result->symbol.level < team.best_level.value_or(1 << 20)) {
        team.best_level = result->symbol.level;
        team.best_admit = result->admit;
      }
    }
    team.state = {.tries = std::max(team.waiting, limits.tries - (team.tries - team.waiting)),
                  .levels = levels,
                  .scores = shares ? 0 : std::max(0, limits.shown_scores - scores),
                  .failures = std::max(0, limits.shown_failures - failures)};
    if (policy.release.rule == contest::ReleaseRule::kEveryScore)
      team.state.levels = team.state.failures = 0;
    for (const auto* act : AllOf<log::ActEntry>(size)) {
      if (act->team == entry->number) team.disqualified = act->kind == log::ActKind::kDisqualify;
    }
    team.judged_by = team.best_admit;
    for (const auto* choice : AllOf<log::ChoiceEntry>(size)) {
      if (choice->team != entry->number) continue;
      ++team.choices;
      team.choice = choice->admit;
    }
    for (const int64_t admit : shown) {
      if (team.choice == admit) team.judged_by = admit;
    }
    teams.push_back(team);
  }
  return teams;
}

counting::Bits PlainFold::ChargedOf(int team) const {
  const contest::Policy& policy = All<log::PolicyEntry>()[0]->policy;
  const auto left = [&](size_t size) {
    return BitsOf(policy, TeamsAfter(size)[static_cast<size_t>(team - 1)].state);
  };
  counting::Bits charged;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto* result = std::get_if<log::ResultEntry>(&entries_[i]);
    if (result != nullptr && result->team == team) charged += left(i) - left(i + 1);
  }
  return charged;
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

}  // namespace pinhole::replay
