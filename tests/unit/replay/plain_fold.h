// The ledger's rules once more, the slow way: each entry is judged by a walk over all entries
// before it, without indexes, running sums, floating point or a tree that grows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/core/counting/limits.h"
#include "server/core/counting/shared_state.h"
#include "server/core/log/entries.h"

namespace pinhole::replay {

struct PlainTeam {
  log::TeamEntry entry;
  counting::TeamState state;
  int tries = 0;
  int waiting = 0;
  std::optional<int> best_level;
  int64_t best_admit = -1;
  bool disqualified = false;
  std::optional<int64_t> choice;
  int64_t choices = 0;
  int64_t judged_by = -1;
};

// For ledgers with one contest. Not thread-safe.
class PlainFold {
 public:
  // Takes the entry, or nothing on an error. Errors: as log::ParseEntry for malformed bytes; else
  // FAILED_PRECONDITION, or RESOURCE_EXHAUSTED for a budget.
  absl::Status Apply(std::string_view bytes);

  size_t size() const { return bytes_.size(); }
  Digest Root() const { return RootOfRange(0, bytes_.size()); }
  std::vector<PlainTeam> Teams() const { return TeamsAfter(size()); }
  // What of the charges was a team's own, not of what teams share.
  counting::Bits ChargedOf(int team) const;
  int64_t LastRound() const;
  bool Closed() const;
  // Whether the last entry is a START that could not be paid.
  bool MustStop() const;
  counting::Bits ActsUsed() const;
  counting::Bits Charged() const;
  counting::Bits FinalCharged() const;
  // The limits that an entry after the first `size` entries finds, as acts before the last ROUND
  // among these left them; with those of the exchange itself, as the next one will.
  counting::Limits LimitsAfter(size_t size) const;
  std::vector<PlainTeam> TeamsAfter(size_t size) const;
  counting::Limits LimitsPromised() const;
  // What all teams share, before the next RESULT.
  counting::SharedState Shared() const;
  // ADMITs without a RESULT that are due in `round`, in ledger order.
  std::vector<int64_t> Due(int64_t round) const;
  // The round that an ADMIT in the exchange of `round` runs in.
  int64_t RunRound(int64_t round) const;

 private:
  absl::Status Judge(const log::StartEntry& entry) const;
  absl::Status Judge(const log::DatasetEntry& entry) const;
  absl::Status Judge(const log::PolicyEntry& entry) const;
  absl::Status Judge(const log::TeamEntry& entry) const;
  absl::Status Judge(const log::AdmitEntry& entry) const;
  absl::Status Judge(const log::ResultEntry& entry) const;
  absl::Status Judge(const log::RoundEntry& entry) const;
  absl::Status Judge(const log::ShiftEntry& entry) const;
  absl::Status Judge(const log::ActEntry& entry) const;
  absl::Status Judge(const log::ChoiceEntry& entry) const;
  absl::Status Judge(const log::FinalEntry& entry) const;
  absl::Status Judge(const log::CloseEntry& entry) const;

  int64_t ActsOf(log::ActKind kind) const;
  bool Closing() const;
  // Whether the contest is open and exchanges still go on.
  const contest::Policy* RunningPolicy(std::string_view contest) const;
  Digest Blinding() const;
  bool IsBlindOf(const Digest& blinding, size_t index, const std::optional<Digest>& blind) const;
  bool BlindingHolds(const log::RoundEntry& round) const;
  bool AtEnd(const contest::Policy& policy, int64_t round) const;
  std::vector<PlainTeam> Finalists() const;
  absl::Status Paid(const contest::Policy& policy, counting::Bits charge) const;

  // log2 of what can follow, by whole numbers of any size.
  static counting::Bits BitsOf(const contest::Policy& policy, const counting::TeamState& state);
  static counting::Bits SharedBitsOf(const contest::Policy& policy,
                                     const counting::SharedState& state);
  const contest::Policy* OpenPolicy(std::string_view contest) const;
  // Entries of a type since the last ROUND.
  template <typename T>
  int64_t CountSinceRound() const;
  template <typename T>
  int64_t Count() const;
  // Of the first `size` entries.
  template <typename T>
  std::vector<const T*> AllOf(size_t size) const;
  template <typename T>
  std::vector<const T*> All() const {
    return AllOf<T>(entries_.size());
  }
  Digest RootOfRange(size_t begin, size_t end) const;

  std::vector<std::string> bytes_;
  std::vector<log::Entry> entries_;
};

template <typename T>
std::vector<const T*> PlainFold::AllOf(size_t size) const {
  std::vector<const T*> all;
  for (size_t i = 0; i < size; ++i) {
    if (const T* one = std::get_if<T>(&entries_[i]); one != nullptr) all.push_back(one);
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

}  // namespace pinhole::replay
