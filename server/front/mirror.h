// The front's copy of the ledger: nothing gets in that breaks a rule of the ledger or is not under
// the vault's signed head.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/core/log/entries.h"
#include "server/core/log/merkle.h"
#include "server/core/note/signed_note.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::front {

// Everything that answers are made of, at one moment.
struct MirrorView {
  replay::LedgerState state;
  std::vector<std::string> entries;  // as hashed
  MerkleTree tree;
  int64_t dataset_index = -1;  // of the newest DATASET entry
  std::vector<log::ShiftEntry> shifts;
  std::string checkpoint;  // covers all entries; empty before the first exchange
  std::string alarm;       // why the mirror stopped for good; empty while all is well

  int64_t size() const { return static_cast<int64_t>(entries.size()); }
  // When the exchange of a contest's round begins or began, Unix milliseconds: later SHIFTs do not
  // move what was before them.
  int64_t ExchangeMs(const replay::Contest& contest, int64_t round) const;
};

// New entries that were checked against the mirror and can be published.
struct MirrorExtension {
  int64_t first = 0;
  std::vector<std::string> entries;
  std::string checkpoint;
  replay::LedgerState state;  // after them
};

// DATA_LOSS that says why nothing of this vault can be believed any more.
absl::Status Unbelievable(std::string_view what);

// Thread-safe for readers; Check and Publish belong to one thread at a time (the desk's lock).
class Mirror {
 public:
  // `log` is the ledger's key. The mirror begins empty.
  explicit Mirror(NoteVerifier log) : log_(std::move(log)) {}

  // Applies `entries` from index `first` on to a copy and compares the signed head with it.
  // Errors: FAILED_PRECONDITION when `first` is not the mirror's size; DATA_LOSS when an entry
  // breaks a rule, or the head is not signed by the ledger's key, or not by a quorum of the
  // POLICY's witnesses, or is of another size or root:
  // nothing from this vault can be believed then.
  absl::StatusOr<MirrorExtension> Check(int64_t first, std::vector<std::string> entries,
                                        std::string checkpoint) const;
  // Makes a checked extension visible, all at once, and calls the listener.
  void Publish(MirrorExtension extension);

  // Remembers for all readers why nothing more is taken.
  void RaiseAlarm(std::string_view text);

  // Calls `read` with a consistent view; keep it short, nothing is published meanwhile.
  template <typename Reader>
  auto Read(Reader&& read) const {
    absl::ReaderMutexLock lock(&mutex_);
    return std::forward<Reader>(read)(view_);
  }
  int64_t size() const {
    return Read([](const MirrorView& view) { return view.size(); });
  }

  // Called after each Publish, on its thread, without a lock held. Set before threads start.
  void SetListener(std::function<void()> listener) { listener_ = std::move(listener); }

  const NoteVerifier& log() const { return log_; }

 private:
  const NoteVerifier log_;
  std::function<void()> listener_;
  mutable absl::Mutex mutex_;
  MirrorView view_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
