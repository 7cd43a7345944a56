#include "server/core/replay/bundle.h"

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"

namespace pinhole::replay {
namespace {

constexpr std::string_view kTitle = "pinhole bundle v1\n";
constexpr std::string_view kCheckpointKey = "checkpoint ";
// A note with the most signatures a note may have stays far below this.
constexpr int64_t kMaxCheckpointBytes = 65'535;

}  // namespace

std::string EncodeBundleHead(std::string_view checkpoint) {
  return absl::StrFormat("%s%s%d\n%s", kTitle, kCheckpointKey, checkpoint.size(), checkpoint);
}

absl::StatusOr<std::string> TakeBundleHead(std::string_view& bytes) {
  if (!bytes.starts_with(kTitle)) {
    return absl::InvalidArgumentError("no bundle: it must begin with \"pinhole bundle v1\"");
  }
  bytes.remove_prefix(kTitle.size());
  const size_t end = bytes.substr(0, kCheckpointKey.size() + 20).find('\n');
  if (!bytes.starts_with(kCheckpointKey) || end == std::string_view::npos) {
    return absl::InvalidArgumentError("no bundle: its second line must be \"checkpoint <bytes>\"");
  }
  const absl::StatusOr<int64_t> length = ParseIntegerIn(
      bytes.substr(kCheckpointKey.size(), end - kCheckpointKey.size()), 1, kMaxCheckpointBytes);
  if (!length.ok()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "no bundle: the length of its checkpoint is no number from 1 to %d", kMaxCheckpointBytes));
  }
  bytes.remove_prefix(end + 1);
  const auto note_bytes = static_cast<size_t>(*length);
  if (bytes.size() < note_bytes) return absl::InvalidArgumentError("the checkpoint is cut off");
  std::string checkpoint(bytes.substr(0, note_bytes));
  bytes.remove_prefix(note_bytes);
  return checkpoint;
}

}  // namespace pinhole::replay
