// The client's own verified copy of a server's ledger. Every answer the client prints comes from
// here.
//
// It grows by signed heads alone: all new entries are replayed, so that every rule of the policy is
// checked, and the root of the own copy must be the one that was signed. That is inclusion of every
// entry and consistency with every head seen before, at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/entry_source.h"
#include "client/cli/server.h"
#include "server/core/log/checkpoint.h"
#include "server/core/note/signed_note.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::cli {

// In a folder: `entries` (framed as in a bundle) grows first, then `checkpoint` is replaced; what
// stands in `entries` beyond the checkpoint is a growth that was cut short, and is dropped. Not
// thread-safe; several processes may work on one folder: a lock file keeps their growths apart.
class Mirror {
 public:
  // Reads and verifies the whole copy; an empty folder is an empty ledger. Errors: DATA_LOSS when
  // the copy does not verify; else the errno.
  static absl::StatusOr<Mirror> Open(std::string folder, const NoteVerifier& log,
                                     replay::Keep keep = replay::Keep::kEverything);

  // Fetches the newest head and the entries up to it; returns the number of new entries. Errors:
  // those of `source`; DATA_LOSS for everything that does not verify: a head that is not signed by
  // the ledger's key and by a quorum of the POLICY's witnesses, a ledger that went back, a split
  // view, an entry that breaks a rule. The copy is unchanged then, and a signed head that
  // contradicts it is kept beside it as evidence.
  absl::StatusOr<int64_t> Sync(LedgerSource& source);

  // Grows by `fresh`, which follow the copy, if `checkpoint` is their signed head. Errors as Sync.
  absl::Status Grow(EntrySpool fresh, std::string_view checkpoint);
  // Where entries wait for that.
  absl::StatusOr<EntrySpool> MakeSpool() const { return EntrySpool::Make(folder_); }

  const replay::LedgerState& state() const { return state_; }
  // From the disk, however the copy grows meanwhile.
  absl::StatusOr<std::unique_ptr<EntrySource>> Entries() const;
  int64_t size() const { return state_.size(); }
  // The signed head of this copy; empty while the copy is.
  const std::string& checkpoint() const { return checkpoint_; }

 private:
  Mirror(std::string folder, NoteVerifier log, replay::Keep keep)
      : folder_(std::move(folder)), log_(std::move(log)), state_(keep) {}

  absl::Status Load();
  absl::StatusOr<pinhole::Checkpoint> OpenHead(std::string_view note) const;
  absl::Status CheckNotOlder(const pinhole::Checkpoint& head, std::string_view note) const;
  // Says where the source's ledger leaves this copy, when it does.
  absl::Status Explain(LedgerSource& source, absl::Status failure) const;
  void KeepEvidence(const pinhole::Checkpoint& head, std::string_view note) const;
  absl::Status CheckSameLedger(const Mirror& other, EntrySource& fresh) const;
  // `end` is the size with `fresh`.
  absl::Status Store(EntrySource& fresh, int64_t end, std::string_view checkpoint);

  std::string folder_;
  NoteVerifier log_;
  std::string checkpoint_;
  replay::LedgerState state_;
  int64_t stored_bytes_ = 0;  // of `entries` that the checkpoint covers
};

}  // namespace pinhole::cli
