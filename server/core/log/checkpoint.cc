#include "server/core/log/checkpoint.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole {
namespace {

absl::Status NotACheckpoint(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "not a checkpoint: %s; it has three lines, the ledger's name, its size and its root", why));
}

// Takes the first line off `text`, without its newline. None when there is no whole line left.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

absl::Status CheckOrigin(std::string_view origin, const NoteVerifier& log) {
  if (origin == log.name()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the checkpoint is of another ledger than %s, whose key this is: use the verifier key of "
      "the ledger that you mean",
      log.name()));
}

}  // namespace

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  return absl::StrFormat("%s\n%d\n%s\n", checkpoint.origin, checkpoint.size,
                         Base64Encode(checkpoint.root));
}

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  const std::optional<std::string_view> origin = TakeLine(text);
  const std::optional<std::string_view> size = TakeLine(text);
  const std::optional<std::string_view> root = TakeLine(text);
  if (!root.has_value()) return NotACheckpoint("it has fewer than three whole lines");
  if (!text.empty()) return NotACheckpoint("something follows its third line");
  if (!IsNoteKeyName(*origin)) return NotACheckpoint("its first line is no ledger's name");
  const auto count = ParseIntegerIn(*size, 0, std::numeric_limits<int64_t>::max());
  if (!count.ok()) return NotACheckpoint("its second line is no number of entries");
  const auto hash = Base64Decode(*root);
  Checkpoint checkpoint{std::string(*origin), static_cast<uint64_t>(*count), {}};
  if (!hash.ok() || hash->size() != checkpoint.root.size()) {
    return NotACheckpoint("its third line is not 32 bytes in base64");
  }
  std::copy_n(AsBytes(*hash).begin(), checkpoint.root.size(), checkpoint.root.begin());
  return checkpoint;
}

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const NoteSigner& log) {
  RETURN_IF_ERROR(CheckOrigin(checkpoint.origin, log.verifier()));
  return log.Sign(FormatCheckpoint(checkpoint));
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const NoteVerifier& log) {
  ASSIGN_OR_RETURN(const OpenedNote opened, OpenNote(note, {&log, 1}));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(opened.text));
  RETURN_IF_ERROR(CheckOrigin(checkpoint.origin, log));
  return checkpoint;
}

}  // namespace pinhole
