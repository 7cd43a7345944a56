#include "server/core/log/tlog_proof.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole {
namespace {

constexpr std::string_view kTitle = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr size_t kMostHashes = 63;  // of a tree of fewer than 2^63 leaves

absl::Status NoProof(int line, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrFormat("no tlog-proof: line %d %s", line, why));
}

// Lines of a text, counted from 1.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // The next whole line without its newline; empty at the end too.
  std::string_view Next() {
    ++number_;
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos) {
      rest_ = {};
      return {};
    }
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  int number() const { return number_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace

std::string FormatTlogProof(const TlogProof& proof) {
  std::string text = absl::StrFormat("%s\n", kTitle);
  if (!proof.extra.empty()) {
    text += absl::StrFormat("%s%s\n", kExtra, Base64Encode(AsBytes(proof.extra)));
  }
  text += absl::StrFormat("%s%d\n", kIndex, proof.index);
  for (const Digest& hash : proof.hashes) text += Base64Encode(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

absl::StatusOr<TlogProof> ParseTlogProof(std::string_view text) {
  Lines lines(text);
  if (lines.Next() != kTitle) return NoProof(1, "is not c2sp.org/tlog-proof@v1");
  std::string_view line = lines.Next();
  std::string extra;
  if (line.starts_with(kExtra)) {
    auto raw = Base64Decode(line.substr(kExtra.size()));
    if (!raw.ok()) return NoProof(lines.number(), "has further data that is not base64");
    extra = *std::move(raw);
    line = lines.Next();
  }
  const auto index = line.starts_with(kIndex) ? ParseIntegerIn(line.substr(kIndex.size()), 0,
                                                               std::numeric_limits<int64_t>::max())
                                              : NoProof(lines.number(), "names no index");
  if (!index.ok()) return NoProof(lines.number(), "is not \"index\" and a number");
  TlogProof proof{.extra = std::move(extra), .index = static_cast<uint64_t>(*index)};
  for (line = lines.Next(); !line.empty(); line = lines.Next()) {
    const auto raw = Base64Decode(line);
    Digest hash;
    if (!raw.ok() || raw->size() != hash.size()) {
      return NoProof(lines.number(), "is not 32 bytes in base64");
    }
    if (proof.hashes.size() == kMostHashes) return NoProof(lines.number(), "is a hash too many");
    std::copy_n(AsBytes(*raw).begin(), hash.size(), hash.begin());
    proof.hashes.push_back(hash);
  }
  if (lines.rest().empty()) return NoProof(lines.number(), "ends it before the checkpoint");
  proof.checkpoint = std::string(lines.rest());
  return proof;
}

absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, std::string_view entry,
                                           const NoteVerifier& log) {
  ASSIGN_OR_RETURN(Checkpoint head, OpenCheckpoint(proof.checkpoint, log));
  RETURN_IF_ERROR(
      VerifyInclusion(proof.index, head.size, LeafHash(entry), proof.hashes, head.root));
  return head;
}

}  // namespace pinhole
