// What the ledger does for and with witnesses: blinds what they must not learn, and keeps what they
// signed.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/note/cosignature.h"
#include "server/vault/ledger.h"

namespace pinhole::vault {

absl::StatusOr<Digest> Ledger::BlindingSecret(std::string_view contest,
                                              const std::optional<log::Nonce>& start) const {
  // A deterministic signature that never leaves: nobody without the key can know it, and a vault
  // that is restored finds the same.
  ASSIGN_OR_RETURN(const std::string note,
                   signer_.Sign(absl::StrFormat("pinhole blinding v1\n%s\n%s\n", contest,
                                                start.has_value() ? HexEncode(*start) : "-")));
  return Sha256(note);
}

absl::StatusOr<log::Blinder> Ledger::BlinderOf(const replay::Contest& contest,
                                               int64_t round) const {
  const contest::Policy& policy = contest.policy.policy;
  if (!policy.witnesses.asked()) return log::Blinder();
  ASSIGN_OR_RETURN(const Digest secret, BlindingSecret(policy.contest, contest.chain));
  return log::Blinder(log::BlindingAt(secret, policy.rounds.count, round));
}

absl::Status Ledger::TakeCosignature(std::string_view line) {
  const contest::Witnesses& witnesses = state_.witnesses();
  if (released_size_ == size() || !witnesses.asked()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string head, Head());
  const absl::StatusOr<std::vector<Cosignature>> found =
      VerifyCosignatures(head + std::string(line), witnesses.verifiers);
  if (!found.ok() || found->size() != 1) return absl::OkStatus();
  // What is kept is the one line as it is always written, not what came beside it.
  ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(head + std::string(line)));
  const auto signature =
      std::find_if(parts.signatures.begin(), parts.signatures.end(),
                   [&](const NoteSignature& one) { return one.name == found->front().witness; });
  if (signature == parts.signatures.end() || parts.signatures.size() != 2) return absl::OkStatus();

  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  ASSIGN_OR_RETURN(
      storage::Statement insert,
      database_->Prepare(
          "INSERT OR IGNORE INTO cosignature (size, witness, line) VALUES (?1, ?2, ?3)"));
  insert.BindInt64(1, size()).BindText(2, signature->name);
  insert.BindText(3, FormatNoteSignature(*signature));
  RETURN_IF_ERROR(insert.Run());
  ASSIGN_OR_RETURN(
      storage::Statement read,
      database_->Prepare("SELECT line FROM cosignature WHERE size = ?1 ORDER BY number LIMIT ?2"));
  read.BindInt64(1, size()).BindInt64(2, witnesses.quorum);
  std::string released = head;
  int count = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    released += read.Text(0);
    ++count;
  }
  const bool enough = count >= witnesses.quorum;
  if (enough) {
    ASSIGN_OR_RETURN(storage::Statement release,
                     database_->Prepare("UPDATE checkpoint SET released = ?2 WHERE size = ?1"));
    release.BindInt64(1, size()).BindText(2, released);
    RETURN_IF_ERROR(release.Run());
  }
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  if (enough) released_size_ = size();
  return absl::OkStatus();
}

}  // namespace pinhole::vault
