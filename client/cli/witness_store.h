// A witness's folder: its key and name, the key of the one ledger that it watches, and the head
// that it signed last.
//
//   key         Ed25519 key file, mode 0600
//   name        of the witness, one line
//   log.vkey    the ledger's verifier key, one line
//   head        size and root of the head signed last (FormatWitnessedHead)
//   checkpoint  that head with the ledger's signature and the witness's, for monitors
//   auditing    is there when the key promises an audit of every entry
//   evidence    the first request that the ledger's key signed and that did not follow
//   lock
//
// Never put back an older copy of this folder: a witness that forgets may sign a second history.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/log/witness.h"
#include "server/core/note/cosignature.h"
#include "server/core/note/signed_note.h"

namespace pinhole::cli {

// What a witness's key promises with each signature.
enum class WitnessKind {
  kConsistency,  // the head follows every head signed before
  kAuditing,     // and every entry under it was replayed
};

struct WitnessSettings {
  std::string name;
  WitnessKind kind = WitnessKind::kConsistency;
};

// Judges the entries under a signed checkpoint. Errors: DATA_LOSS when they break a rule; any other
// when they could not be judged.
using HeadAudit = std::function<absl::Status(std::string_view note)>;

struct WitnessAnswer {
  WitnessVerdict verdict = WitnessVerdict::kMalformed;
  std::string signature;              // of kCosign: the line for the note, with its newline
  std::optional<uint64_t> last_size;  // of kConflict: ask from here; none: two ledgers
  std::string reason;                 // for a person; empty when kCosign
};

// Const members may be called from several threads and processes at once: each holds the folder's
// lock while it works.
class WitnessStore {
 public:
  // Makes the folder; it must not exist. Errors: INVALID_ARGUMENT for a name that no key can have;
  // ALREADY_EXISTS; else the errno.
  static absl::StatusOr<WitnessStore> Create(std::string folder, const WitnessSettings& settings,
                                             const NoteVerifier& log, const SigningKey& key);
  // Errors: DATA_LOSS when a file is missing or malformed; as ReadKeyFile; else the errno.
  static absl::StatusOr<WitnessStore> Open(std::string folder);

  // Answers a request (FormatAddCheckpoint). The new head is durable before its signature exists,
  // so that a crash can lose an answer, never the memory of one. `now_seconds` is Unix time; a
  // clock that went back is read as standing still. With `audit`, which may be empty, a head is
  // signed only when it returns OK; its DATA_LOSS is a refusal (kInconsistent).
  //
  // Errors: FAILED_PRECONDITION for a witness of kAuditing without `audit`; DATA_LOSS when the
  // folder is damaged; `audit`'s other ones; the errno. Nothing was signed then.
  absl::StatusOr<WitnessAnswer> Add(std::string_view request, int64_t now_seconds,
                                    const HeadAudit& audit) const;

  // The newest cosigned checkpoint. Errors: NOT_FOUND before the first; else the errno.
  absl::StatusOr<std::string> CosignedCheckpoint() const;

  const WitnessVerifier& verifier() const { return signer_.verifier(); }
  const NoteVerifier& log() const { return log_; }
  WitnessKind kind() const { return kind_; }

 private:
  WitnessStore(std::string folder, WitnessKind kind, NoteVerifier log, WitnessSigner signer)
      : folder_(std::move(folder)), kind_(kind), log_(std::move(log)), signer_(std::move(signer)) {}

  std::string PathOf(std::string_view name) const;
  absl::StatusOr<WitnessedHead> LastHead() const;
  absl::StatusOr<int64_t> LastTime() const;
  absl::Status KeepEvidence(std::string_view request, const WitnessDecision& decision) const;
  absl::StatusOr<std::string> Sign(const Checkpoint& head, std::string_view note,
                                   int64_t now_seconds) const;

  std::string folder_;
  WitnessKind kind_;
  NoteVerifier log_;
  WitnessSigner signer_;
};

}  // namespace pinhole::cli
