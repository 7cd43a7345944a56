#include "server/core/log/witness.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole {
namespace {

constexpr std::string_view kOld = "old ";
constexpr size_t kMostProofLines = 63;

absl::Status NoRequest(size_t line, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrFormat("no witness request: line %d %s", line, why));
}

absl::StatusOr<uint64_t> ParseSize(std::string_view text) {
  ASSIGN_OR_RETURN(const int64_t size,
                   ParseIntegerIn(text, 0, std::numeric_limits<int64_t>::max()));
  return static_cast<uint64_t>(size);
}

absl::StatusOr<Digest> ParseHash(std::string_view text) {
  ASSIGN_OR_RETURN(const std::string raw, Base64Decode(text));
  Digest hash;
  if (raw.size() != hash.size()) return absl::InvalidArgumentError("not 32 bytes");
  std::copy_n(AsBytes(raw).begin(), hash.size(), hash.begin());
  return hash;
}

// Takes the first line off `text`; an unfinished one is empty and leaves nothing.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = end == std::string_view::npos ? "" : text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

WitnessDecision Refuse(WitnessVerdict verdict, std::string reason) {
  return {.verdict = verdict, .head = {}, .reason = std::move(reason), .last_size = {}};
}

std::string_view OriginOf(std::string_view note) { return note.substr(0, note.find('\n')); }

}  // namespace

std::string FormatAddCheckpoint(const AddCheckpoint& request) {
  std::string text = absl::StrFormat("%s%d\n", kOld, request.old_size);
  for (const Digest& hash : request.proof) text += Base64Encode(hash) + "\n";
  return text + "\n" + request.checkpoint;
}

absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(std::string_view text) {
  const std::string_view first = TakeLine(text);
  if (!first.starts_with(kOld)) return NoRequest(1, "is not \"old\" and a size");
  const absl::StatusOr<uint64_t> old_size = ParseSize(first.substr(kOld.size()));
  if (!old_size.ok()) return NoRequest(1, "is not \"old\" and a size");
  AddCheckpoint request{.old_size = *old_size, .proof = {}, .checkpoint = {}};
  for (std::string_view line = TakeLine(text); !line.empty(); line = TakeLine(text)) {
    const size_t number = request.proof.size() + 2;
    if (request.proof.size() == kMostProofLines) return NoRequest(number, "is a hash too many");
    const absl::StatusOr<Digest> hash = ParseHash(line);
    if (!hash.ok()) return NoRequest(number, "is not 32 bytes in base64");
    request.proof.push_back(*hash);
  }
  if (text.empty()) return NoRequest(request.proof.size() + 3, "should begin a checkpoint");
  request.checkpoint = std::string(text);
  return request;
}

std::string FormatWitnessedHead(const WitnessedHead& head) {
  return absl::StrFormat("%d\n%s\n", head.size, Base64Encode(head.root));
}

absl::StatusOr<WitnessedHead> ParseWitnessedHead(std::string_view text) {
  const std::string_view size_line = TakeLine(text);
  const std::string_view root_line = TakeLine(text);
  const absl::StatusOr<uint64_t> size = ParseSize(size_line);
  const absl::StatusOr<Digest> root = ParseHash(root_line);
  if (!size.ok() || !root.ok() || !text.empty()) {
    return absl::InvalidArgumentError(
        "a witness's state is a line with a size and one with a root");
  }
  return WitnessedHead{.size = *size, .root = *root};
}

WitnessDecision JudgeCheckpoint(std::string_view request, const NoteVerifier& log,
                                const WitnessedHead& last) {
  const absl::StatusOr<AddCheckpoint> asked = ParseAddCheckpoint(request);
  if (!asked.ok()) return Refuse(WitnessVerdict::kMalformed, std::string(asked.status().message()));
  if (OriginOf(asked->checkpoint) != log.name()) {
    return Refuse(WitnessVerdict::kUnknownLedger,
                  absl::StrFormat("this witness knows the ledger %s alone", log.name()));
  }
  const absl::StatusOr<Checkpoint> head = OpenCheckpoint(asked->checkpoint, log);
  if (!head.ok()) {
    return Refuse(absl::IsUnauthenticated(head.status()) ? WitnessVerdict::kBadSignature
                                                         : WitnessVerdict::kMalformed,
                  std::string(head.status().message()));
  }
  if (asked->old_size > head->size) {
    return Refuse(WitnessVerdict::kMalformed, "its old size is above the checkpoint's");
  }
  if (asked->old_size != last.size) {
    WitnessDecision decision =
        Refuse(WitnessVerdict::kConflict,
               absl::StrFormat("the head that was signed last has %d entries", last.size));
    decision.last_size = last.size;
    return decision;
  }
  if (head->size == last.size && head->root != last.root) {
    return Refuse(
        WitnessVerdict::kConflict,
        absl::StrFormat("ANOTHER LEDGER of %d entries was signed before: the ledger's key "
                        "signed two; keep this request as evidence",
                        last.size));
  }
  const absl::Status follows =
      VerifyConsistency(last.size, last.root, head->size, head->root, asked->proof);
  if (!follows.ok()) {
    return Refuse(WitnessVerdict::kInconsistent, std::string(follows.message()));
  }
  return {.verdict = WitnessVerdict::kCosign, .head = *head, .reason = {}, .last_size = {}};
}

}  // namespace pinhole
