#include "client/cli/witness_store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "client/cli/key_file.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/system/files.h"
#include "server/system/unique_fd.h"

namespace pinhole::cli {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0644;
constexpr size_t kFileLimitBytes = size_t{1} << 16;

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

absl::Status Damaged(const std::string& path, std::string_view why) {
  return absl::DataLossError(absl::StrFormat(
      "%s: %s. A witness that has lost its memory must not sign: make a new one with \"pinhole "
      "witness init\", and tell those who count on its key",
      path, why));
}

// Released with the descriptor; two opens of one process keep each other out as well.
absl::StatusOr<UniqueFd> Lock(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", path));
  if (::flock(fd.get(), LOCK_EX) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("lock %s", path));
  }
  return fd;
}

absl::StatusOr<std::string> ReadLine(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kFileLimitBytes);
  if (absl::IsNotFound(text.status())) return Damaged(path, "it is not there");
  RETURN_IF_ERROR(text.status());
  if (!text->ends_with('\n')) return Damaged(path, "it is no whole line");
  return text->substr(0, text->size() - 1);
}

// The ledger's own signature line of a note that OpenCheckpoint accepted.
absl::StatusOr<std::string> LedgerSignature(std::string_view note, const NoteVerifier& log) {
  ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
  for (const NoteSignature& line : parts.signatures) {
    if (line.name == log.name() && line.key_id == log.key_id()) return FormatNoteSignature(line);
  }
  return absl::InternalError("a checkpoint was accepted without the ledger's signature");
}

WitnessAnswer Refusal(const WitnessDecision& decision) {
  return {.verdict = decision.verdict,
          .signature = {},
          .last_size = decision.last_size,
          .reason = decision.reason};
}

}  // namespace

absl::StatusOr<WitnessStore> WitnessStore::Create(std::string folder,
                                                  const WitnessSettings& settings,
                                                  const NoteVerifier& log, const SigningKey& key) {
  ASSIGN_OR_RETURN(WitnessSigner signer, WitnessSigner::Create(settings.name, key));
  RETURN_IF_ERROR(MakeDirectory(folder, kFolderMode));
  WitnessStore store(std::move(folder), settings.kind, log, std::move(signer));
  RETURN_IF_ERROR(WriteKeyFile(store.PathOf("key"), key));
  RETURN_IF_ERROR(WriteFileDurably(store.PathOf("name"), settings.name + "\n", kFileMode));
  RETURN_IF_ERROR(WriteFileDurably(store.PathOf("log.vkey"), log.ToVkey() + "\n", kFileMode));
  if (settings.kind == WitnessKind::kAuditing) {
    RETURN_IF_ERROR(WriteFileDurably(store.PathOf("auditing"), "", kFileMode));
  }
  // Last: a folder without it is half made, and is refused.
  RETURN_IF_ERROR(WriteFileDurably(store.PathOf("head"), FormatWitnessedHead({}), kFileMode));
  RETURN_IF_ERROR(SyncDirectory(DirectoryOf(store.folder_)));
  return store;
}

absl::StatusOr<WitnessStore> WitnessStore::Open(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  ASSIGN_OR_RETURN(const std::string name, ReadLine(folder + "/name"));
  ASSIGN_OR_RETURN(const std::string vkey, ReadLine(folder + "/log.vkey"));
  absl::StatusOr<NoteVerifier> log = NoteVerifier::FromVkey(vkey);
  if (!log.ok()) return Damaged(folder + "/log.vkey", std::string(log.status().message()));
  ASSIGN_OR_RETURN(const SigningKey key, ReadKeyFile(folder + "/key"));
  absl::StatusOr<WitnessSigner> signer = WitnessSigner::Create(name, key);
  if (!signer.ok()) return Damaged(folder + "/name", std::string(signer.status().message()));
  const WitnessKind kind =
      Exists(folder + "/auditing") ? WitnessKind::kAuditing : WitnessKind::kConsistency;
  WitnessStore store(std::move(folder), kind, *std::move(log), *std::move(signer));
  RETURN_IF_ERROR(store.LastHead().status());
  return store;
}

std::string WitnessStore::PathOf(std::string_view name) const {
  return folder_ + "/" + std::string(name);
}

absl::StatusOr<WitnessedHead> WitnessStore::LastHead() const {
  const std::string path = PathOf("head");
  const absl::StatusOr<std::string> text = ReadFile(path, kFileLimitBytes);
  if (absl::IsNotFound(text.status())) return Damaged(path, "it is not there");
  RETURN_IF_ERROR(text.status());
  const absl::StatusOr<WitnessedHead> head = ParseWitnessedHead(*text);
  if (!head.ok()) return Damaged(path, std::string(head.status().message()));
  return *head;
}

// When the last signature that left was made; 0 before the first.
absl::StatusOr<int64_t> WitnessStore::LastTime() const {
  const absl::StatusOr<std::string> note = CosignedCheckpoint();
  if (absl::IsNotFound(note.status())) return 0;
  RETURN_IF_ERROR(note.status());
  const auto found = VerifyCosignatures(*note, {&signer_.verifier(), 1});
  if (!found.ok()) return Damaged(PathOf("checkpoint"), std::string(found.status().message()));
  if (found->empty()) return Damaged(PathOf("checkpoint"), "it is not cosigned by this witness");
  return found->front().unix_seconds;
}

// A head that the ledger's key signed and that does not follow may prove two histories. One is
// kept, so that nobody can fill the disk.
absl::Status WitnessStore::KeepEvidence(std::string_view request,
                                        const WitnessDecision& decision) const {
  const bool tells = decision.verdict == WitnessVerdict::kInconsistent ||
                     (decision.verdict == WitnessVerdict::kConflict && !decision.last_size);
  if (!tells || Exists(PathOf("evidence"))) return absl::OkStatus();
  return WriteFileDurably(PathOf("evidence"), request, kFileMode);
}

absl::StatusOr<std::string> WitnessStore::Sign(const Checkpoint& head, std::string_view note,
                                               int64_t now_seconds) const {
  ASSIGN_OR_RETURN(const std::string ledger_line, LedgerSignature(note, log_));
  ASSIGN_OR_RETURN(const int64_t last_time, LastTime());
  const std::string text = FormatCheckpoint(head);
  // A crash before this line: no signature of the old head's rivals can come any more, and the
  // ledger asks for this one again.
  RETURN_IF_ERROR(WriteFileDurably(
      PathOf("head"), FormatWitnessedHead({.size = head.size, .root = head.root}), kFileMode));
  std::string line = signer_.Cosign(text, std::max(now_seconds, last_time));
  RETURN_IF_ERROR(
      WriteFileDurably(PathOf("checkpoint"), text + "\n" + ledger_line + line, kFileMode));
  return line;
}

absl::StatusOr<WitnessAnswer> WitnessStore::Add(std::string_view request, int64_t now_seconds,
                                                const HeadAudit& audit) const {
  if (kind_ == WitnessKind::kAuditing && !audit) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s promises an audit of every entry: give it the entries (--audit)", verifier().name()));
  }
  // From here to the end nobody else reads or moves the head.
  ASSIGN_OR_RETURN(const UniqueFd lock, Lock(PathOf("lock")));
  ASSIGN_OR_RETURN(const WitnessedHead last, LastHead());
  const WitnessDecision decision = JudgeCheckpoint(request, log_, last);
  if (decision.verdict != WitnessVerdict::kCosign) {
    RETURN_IF_ERROR(KeepEvidence(request, decision));
    return Refusal(decision);
  }
  ASSIGN_OR_RETURN(const AddCheckpoint asked, ParseAddCheckpoint(request));
  if (audit) {
    const absl::Status audited = audit(asked.checkpoint);
    if (absl::IsDataLoss(audited)) {
      return Refusal({.verdict = WitnessVerdict::kInconsistent,
                      .head = {},
                      .reason = absl::StrFormat("the audit refuses it: %s", audited.message()),
                      .last_size = {}});
    }
    RETURN_IF_ERROR(audited);
  }
  ASSIGN_OR_RETURN(std::string line, Sign(decision.head, asked.checkpoint, now_seconds));
  return WitnessAnswer{.verdict = WitnessVerdict::kCosign,
                       .signature = std::move(line),
                       .last_size = {},
                       .reason = {}};
}

absl::StatusOr<std::string> WitnessStore::CosignedCheckpoint() const {
  return ReadFile(PathOf("checkpoint"), kFileLimitBytes);
}

}  // namespace pinhole::cli
