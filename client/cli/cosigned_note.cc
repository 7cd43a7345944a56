#include "client/cli/cosigned_note.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::cli {
namespace {

bool IsBy(const NoteSignature& line, const WitnessVerifier& witness) {
  return line.name == witness.name() && line.key_id == witness.key_id();
}

absl::Status Wrong(std::string_view why) {
  return absl::DataLossError(absl::StrFormat("the answer is not a witness's: %s", why));
}

}  // namespace

absl::StatusOr<CosignedNote> AddCosignatures(std::string_view note, std::string_view answer,
                                             const NoteVerifier& log,
                                             std::span<const WitnessVerifier> witnesses) {
  ASSIGN_OR_RETURN(const NoteParts old, ParseNote(note));
  // The answer is judged alone: what stands in the note already is not its fault.
  std::string alone = old.text + "\n";
  for (const NoteSignature& line : old.signatures) {
    if (line.name == log.name() && line.key_id == log.key_id()) alone += FormatNoteSignature(line);
  }
  alone += answer;
  const absl::StatusOr<NoteParts> parts = ParseNote(alone);
  if (!parts.ok()) return Wrong(std::string(parts.status().message()));
  if (parts->text != old.text) return Wrong("it has a text of its own");
  absl::StatusOr<std::vector<Cosignature>> found = VerifyCosignatures(alone, witnesses);
  if (!found.ok()) return Wrong(std::string(found.status().message()));
  if (found->empty()) return Wrong("it is signed by none of the witnesses that were named");

  // By a witness that answered; all its lines in the answer were verified.
  const auto is_answered = [&](const NoteSignature& line) {
    const auto same_key = [&](const NoteSignature& other) {
      return other.name == line.name && other.key_id == line.key_id;
    };
    return std::any_of(witnesses.begin(), witnesses.end(),
                       [&](const WitnessVerifier& witness) { return IsBy(line, witness); }) &&
           std::any_of(parts->signatures.begin(), parts->signatures.end(), same_key);
  };
  CosignedNote result{.note = old.text + "\n", .added = {}};
  for (const NoteSignature& line : old.signatures) {
    if (!is_answered(line)) result.note += FormatNoteSignature(line);
  }
  for (const NoteSignature& line : parts->signatures) {
    if (is_answered(line)) result.note += FormatNoteSignature(line);
  }
  result.added = *std::move(found);
  return result;
}

std::string CosignedText(const CosignedNote& cosigned) {
  std::string text = "cosigned by";
  for (const Cosignature& one : cosigned.added) text += " " + one.witness;
  return text;
}

}  // namespace pinhole::cli
