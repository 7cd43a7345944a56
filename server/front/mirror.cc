#include "server/front/mirror.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/entries.h"
#include "server/core/log/quorum.h"

namespace pinhole::front {

absl::Status Unbelievable(std::string_view what) {
  return absl::DataLossError(absl::StrFormat(
      "the vault handed over a ledger that cannot be true: %s. Nothing more is taken from it; keep "
      "front.db as evidence and ask the vault's operator",
      what));
}

int64_t MirrorView::ExchangeMs(const replay::Contest& contest, int64_t round) const {
  int64_t shifted = 0;
  for (const log::ShiftEntry& shift : shifts) {
    const bool moves = shift.contest == contest.policy.policy.contest && shift.round <= round;
    if (moves) shifted += shift.moved;
  }
  return schedule::RoundClock(contest.policy.policy.rounds, shifted).ExchangeMs(round);
}

absl::StatusOr<MirrorExtension> Mirror::Check(int64_t first, std::vector<std::string> entries,
                                              std::string checkpoint) const {
  MirrorExtension extension{.first = first};
  const int64_t size = Read([&](const MirrorView& view) {
    extension.state = view.state;
    return view.size();
  });
  if (first != size) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the hand-over begins at entry %d, but the mirror has %d entries", first, size));
  }
  for (const std::string& entry : entries) {
    const int64_t index = extension.state.size();
    if (const absl::Status applied = extension.state.Apply(entry); !applied.ok()) {
      return Unbelievable(absl::StrFormat("entry %d: %s", index, applied.message()));
    }
  }
  const auto head = OpenCheckpoint(checkpoint, log_);
  if (!head.ok()) {
    return Unbelievable(
        absl::StrFormat("its signed head does not verify with the ledger's key \"%s\" (%s)",
                        log_.name(), head.status().message()));
  }
  if (head->size < static_cast<uint64_t>(size)) {
    return Unbelievable(absl::StrFormat(
        "its signed head is of %d entries, and it handed over %d before: it was set "
        "back to an older state, or runs from a copy",
        head->size, size));
  }
  if (head->size != static_cast<uint64_t>(extension.state.size())) {
    return Unbelievable(absl::StrFormat("its signed head is of %d entries, the mirror has %d",
                                        head->size, extension.state.size()));
  }
  if (head->root != extension.state.Root()) {
    return Unbelievable("the root of its signed head is not the root of its entries");
  }
  if (const absl::Status quorum = log::CheckQuorum(checkpoint, extension.state.witnesses());
      !quorum.ok()) {
    return Unbelievable(std::string(quorum.message()));
  }
  extension.entries = std::move(entries);
  extension.checkpoint = std::move(checkpoint);
  return extension;
}

void Mirror::Publish(MirrorExtension extension) {
  {
    absl::MutexLock lock(&mutex_);
    for (std::string& entry : extension.entries) {
      const std::string_view type = log::EntryType(entry);
      if (type == "DATASET") view_.dataset_index = view_.size();
      if (type == "SHIFT") {
        const auto shift = log::ParseEntry(entry);
        view_.shifts.push_back(std::get<log::ShiftEntry>(*shift));  // Check parsed it already
      }
      view_.tree.Append(LeafHash(entry));
      view_.entries.push_back(std::move(entry));
    }
    view_.state = std::move(extension.state);
    view_.checkpoint = std::move(extension.checkpoint);
  }
  if (listener_) listener_();
}

void Mirror::RaiseAlarm(std::string_view text) {
  absl::MutexLock lock(&mutex_);
  view_.alarm = std::string(text);
}

}  // namespace pinhole::front
