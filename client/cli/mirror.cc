#include "client/cli/mirror.h"

#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/quorum.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

absl::Status Alarm(std::string_view what, std::string_view next) {
  return absl::DataLossError(absl::StrFormat("LEDGER NOT VERIFIED: %s. %s", what, next));
}

constexpr std::string_view kTellOthers =
    "Nothing was taken over. Compare log heads with other teams and tell the organizer";

}  // namespace

absl::StatusOr<pinhole::Checkpoint> Mirror::OpenHead(std::string_view note) const {
  absl::StatusOr<pinhole::Checkpoint> head = OpenCheckpoint(note, log_);
  if (head.ok()) return head;
  return Alarm(absl::StrFormat("the log head is not signed by the pinned key %s (%s)",
                               log_.ToVkey(), head.status().message()),
               kTellOthers);
}

void Mirror::KeepEvidence(const pinhole::Checkpoint& head, std::string_view note) const {
  const std::string path = absl::StrFormat("%s/contradiction-%d-%s.note", folder_, head.size,
                                           HexEncode(head.root).substr(0, 16));
  // Evidence is a courtesy: the alarm is raised whether or not it could be kept.
  WriteFileDurably(path, note, 0600).IgnoreError();
}

absl::Status Mirror::CheckNotOlder(const pinhole::Checkpoint& head, std::string_view note) const {
  const auto own = static_cast<uint64_t>(size());
  if (head.size < own) {
    KeepEvidence(head, note);
    return Alarm(absl::StrFormat("the ledger WENT BACK: %d entries were seen before and verified, "
                                 "the server now shows a head of %d",
                                 own, head.size),
                 kTellOthers);
  }
  if (head.size == own && own > 0 && head.root != state_.Root()) {
    KeepEvidence(head, note);
    return Alarm(absl::StrFormat("SPLIT VIEW: the ledger's key signed two different ledgers of %d "
                                 "entries, this one and the one seen before",
                                 own),
                 "Both heads are kept in the client's folder: together they prove it to anybody");
  }
  return absl::OkStatus();
}

absl::Status Mirror::Grow(EntrySpool fresh, std::string_view checkpoint) {
  ASSIGN_OR_RETURN(const pinhole::Checkpoint head, OpenHead(checkpoint));
  RETURN_IF_ERROR(CheckNotOlder(head, checkpoint));
  const int64_t end = size() + fresh.size();
  if (head.size != static_cast<uint64_t>(end)) {
    return Alarm(absl::StrFormat("the head covers %d entries, but %d came", head.size, end),
                 kTellOthers);
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<EntrySource> entries, std::move(fresh).Read());
  replay::LedgerState next = state_;
  RETURN_IF_ERROR(ForEachEntry(*entries, [&](std::string_view entry) {
    absl::Status status = next.Apply(entry);
    if (status.ok()) return status;
    return Alarm(absl::StrFormat("entry %d breaks a rule: %s", next.size(), status.message()),
                 kTellOthers);
  }));
  if (next.Root() != head.root) {
    KeepEvidence(head, checkpoint);
    return Alarm(absl::StrFormat("the %d entries have not the root that was signed", end),
                 kTellOthers);
  }
  if (const absl::Status quorum = log::CheckQuorum(checkpoint, next.witnesses()); !quorum.ok()) {
    KeepEvidence(head, checkpoint);
    return Alarm(std::string(quorum.message()), kTellOthers);
  }
  RETURN_IF_ERROR(Store(*entries, end, checkpoint));
  checkpoint_ = std::string(checkpoint);
  state_ = std::move(next);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Mirror::Sync(LedgerSource& source) {
  ASSIGN_OR_RETURN(const std::string note, source.Checkpoint());
  ASSIGN_OR_RETURN(const pinhole::Checkpoint head, OpenHead(note));
  RETURN_IF_ERROR(CheckNotOlder(head, note));
  const int64_t wanted = static_cast<int64_t>(head.size) - size();
  if (wanted == 0) return 0;
  ASSIGN_OR_RETURN(EntrySpool fresh, MakeSpool());
  while (fresh.size() < wanted) {
    const int64_t start = size() + fresh.size();
    const int64_t missing = wanted - fresh.size();
    ASSIGN_OR_RETURN(const std::vector<std::string> some, source.Entries(start, missing));
    if (some.empty() || static_cast<int64_t>(some.size()) > missing) {
      return Alarm(
          absl::StrFormat("the head covers %d entries, but entry %d is withheld", head.size, start),
          kTellOthers);
    }
    for (const std::string& entry : some) {
      const absl::Status kept = fresh.Append(entry);
      if (!kept.ok())
        return absl::IsDataLoss(kept) ? Alarm(std::string(kept.message()), kTellOthers) : kept;
    }
  }
  if (absl::Status grown = Grow(std::move(fresh), note); !grown.ok()) {
    return absl::IsDataLoss(grown) ? Explain(source, std::move(grown)) : grown;
  }
  return wanted;
}

absl::Status Mirror::Explain(LedgerSource& source, absl::Status failure) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<EntrySource> own, Entries());
  int64_t at = 0;
  while (at < size()) {
    const absl::StatusOr<std::vector<std::string>> theirs = source.Entries(at, size() - at);
    if (!theirs.ok() || theirs->empty()) return failure;
    for (const std::string& entry : *theirs) {
      const absl::StatusOr<std::optional<std::string_view>> ours = own->Next();
      if (!ours.ok() || !ours->has_value()) return failure;
      if (entry != **ours) {
        return Alarm(absl::StrFormat("SPLIT VIEW: the server now shows another entry %d than the "
                                     "one that was signed and seen before",
                                     at),
                     kTellOthers);
      }
      ++at;
    }
  }
  return failure;
}

}  // namespace pinhole::cli
