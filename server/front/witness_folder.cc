#include "server/front/witness_folder.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/core/note/signed_note.h"
#include "server/core/pipe/frames.h"
#include "server/system/files.h"

namespace pinhole::front {
namespace {

constexpr char kCheckpoint[] = "checkpoint";
constexpr size_t kNoteLimitBytes = size_t{1} << 16;

}  // namespace

absl::StatusOr<std::unique_ptr<WitnessFolder>> WitnessFolder::Open(const std::string& folder,
                                                                   const Mirror& mirror,
                                                                   FrontLog& log) {
  ASSIGN_OR_RETURN(
      publish::StaticLedger files,
      publish::StaticLedger::Open(folder, mirror.log(), publish::StaticFiles::kHashesAlone));
  ASSIGN_OR_RETURN(FileWatch watch, FileWatch::Open(folder, kCheckpoint));
  std::unique_ptr<WitnessFolder> made(
      new WitnessFolder(folder, std::move(files), std::move(watch), mirror, log));
  absl::Status known = made->files_.size() > 0 ? made->TakeFolder() : absl::OkStatus();
  if (known.ok()) known = made->TakeMirror();
  if (known.ok()) return made;
  if (!absl::IsDataLoss(known)) return known;
  return absl::DataLossError(absl::StrFormat(
      "witness_folder: %s is not of this front's ledger (%s): was front.db set back? Move the "
      "folder away only when you know why",
      folder, known.message()));
}

absl::Status WitnessFolder::TakeFolder() {
  ASSIGN_OR_RETURN(const publish::StaticHashes hashes,
                   publish::ReadStaticHashes(folder_, mirror_.log()));
  for (const Digest& leaf : hashes.leaves) Append(leaf);
  if (frontier_.Root() == files_.root()) return absl::OkStatus();
  return absl::DataLossError("its hashes are not those under its head");
}

absl::Status WitnessFolder::TakeMirror() {
  return mirror_.Read([this](const MirrorView& view) -> absl::Status {
    const uint64_t common = std::min(tree_.size(), view.tree.size());
    ASSIGN_OR_RETURN(const Digest shown, tree_.RootAt(common));
    ASSIGN_OR_RETURN(const Digest mirrored, view.tree.RootAt(common));
    if (shown != mirrored) {
      return absl::DataLossError(absl::StrFormat(
          "the first %d entries are not those under the head that witnesses were shown", common));
    }
    const NodeReader leaves = view.tree.Reader();
    while (tree_.size() < view.tree.size()) {
      ASSIGN_OR_RETURN(const Digest leaf, leaves(0, tree_.size()));
      Append(leaf);
    }
    return absl::OkStatus();
  });
}

void WitnessFolder::Append(const Digest& leaf) {
  tree_.Append(leaf);
  frontier_.Append(leaf);
}

absl::Status WitnessFolder::Show(const WaitingHead& head) {
  const absl::StatusOr<Checkpoint> opened = OpenCheckpoint(head.note, mirror_.log());
  if (!opened.ok()) {
    return Unbelievable(
        absl::StrFormat("the head for witnesses does not verify with the ledger's key \"%s\" (%s)",
                        mirror_.log().name(), opened.status().message()));
  }
  if (const absl::Status taken = TakeMirror(); !taken.ok())
    return Unbelievable(std::string(taken.message()));
  const auto first = static_cast<uint64_t>(head.first);
  if (head.first < mirror_.size() || first > tree_.size()) return absl::OkStatus();
  if (opened->size != first + head.hashes.size()) {
    return Unbelievable(
        absl::StrFormat("the head for witnesses is of %d entries, with hashes of %d", opened->size,
                        first + head.hashes.size()));
  }
  if (opened->size < tree_.size()) {
    return Unbelievable(absl::StrFormat(
        "the head for witnesses is of %d entries, and they were shown %d before: it was set back "
        "to an older state, or runs from a copy",
        opened->size, tree_.size()));
  }
  const auto begin = head.hashes.begin() + static_cast<ptrdiff_t>(tree_.size() - first);
  MerkleFrontier grown = frontier_;
  std::for_each(begin, head.hashes.end(), [&](const Digest& leaf) { grown.Append(leaf); });
  if (grown.Root() != opened->root) {
    return Unbelievable("the root of the head for witnesses is not the root of the hashes");
  }
  std::for_each(begin, head.hashes.end(), [&](const Digest& leaf) { Append(leaf); });

  const uint64_t shown = files_.size();
  const absl::Status published = files_.Publish(
      head.note, [this](const Tile& tile) { return HashTileBytes(tile, tree_.Reader()); });
  if (!published.ok()) {
    TellFailure(published);
  } else if (files_.size() > shown) {
    log_.Write(event::HeadWaits{.entries = static_cast<int64_t>(head.hashes.size()),
                                .ledger = static_cast<int64_t>(files_.size())});
  }
  return absl::OkStatus();
}

std::vector<std::string> WitnessFolder::Cosignatures() {
  // Before the file is read: what is written from here on is told by the watch once more.
  if (const auto changed = watch_.Take(); !changed.ok()) TellFailure(changed.status());
  const bool waits = tree_.size() > static_cast<uint64_t>(mirror_.size());
  if (!waits || files_.size() != tree_.size()) return {};
  absl::StatusOr<std::vector<std::string>> lines = ReadCosignatures();
  if (lines.ok()) return *std::move(lines);
  TellFailure(lines.status());
  return {};
}

absl::StatusOr<std::vector<std::string>> WitnessFolder::ReadCosignatures() {
  ASSIGN_OR_RETURN(const std::string note, ReadFile(folder_ + "/" + kCheckpoint, kNoteLimitBytes));
  ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
  ASSIGN_OR_RETURN(const Checkpoint head, ParseCheckpoint(parts.text));
  if (head.size != files_.size() || head.root != files_.root()) {
    return absl::FailedPreconditionError("the folder's head is not the one that was shown");
  }
  const NoteVerifier& log = mirror_.log();
  std::vector<std::string> lines;
  for (const NoteSignature& signature : parts.signatures) {
    if (signature.name == log.name() && signature.key_id == log.key_id()) continue;
    std::string line = FormatNoteSignature(signature);
    if (line.size() <= pipe::kToVaultPayload) lines.push_back(std::move(line));
  }
  return lines;
}

void WitnessFolder::TellFailure(const absl::Status& status) const {
  log_.Write(event::PublishFailed{.folder = StaticFolder::kWitness,
                                  .code = static_cast<int64_t>(status.code()),
                                  .ledger = static_cast<int64_t>(files_.size())});
}

}  // namespace pinhole::front
