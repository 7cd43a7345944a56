#include "server/front/public_files.h"

#include <span>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::front {
namespace {

absl::StatusOr<std::string> Bytes(const MirrorView& view, const Tile& tile) {
  if (tile.kind == TileKind::kEntries) {
    return EntryTileBytes(std::span(view.entries).subspan(tile.index * kTileWidth, tile.width));
  }
  return HashTileBytes(tile, view.tree.Reader());
}

}  // namespace

absl::StatusOr<std::unique_ptr<PublicFiles>> PublicFiles::Open(const std::string& folder,
                                                               const Mirror& mirror,
                                                               FrontLog& log) {
  ASSIGN_OR_RETURN(publish::StaticLedger files, publish::StaticLedger::Open(folder, mirror.log()));
  const bool same = mirror.Read([&](const MirrorView& view) {
    const absl::StatusOr<Digest> root = view.tree.RootAt(files.size());
    return root.ok() && *root == files.root();
  });
  if (!same) {
    return absl::DataLossError(absl::StrFormat(
        "public_folder: %s heads %d entries that are not the first of this front's ledger: was "
        "front.db set back? Move the folder away only when you know why",
        folder, files.size()));
  }
  std::unique_ptr<PublicFiles> made(new PublicFiles(std::move(files), mirror, log));
  made->Grow();
  return made;
}

void PublicFiles::Grow() {
  // A tile at a time under the mirror's lock, so that nobody waits for the disk.
  const std::string head = mirror_.Read([](const MirrorView& view) { return view.checkpoint; });
  if (head.empty()) return;
  const absl::Status grown = files_.Publish(head, [this](const Tile& tile) {
    return mirror_.Read([&](const MirrorView& view) { return Bytes(view, tile); });
  });
  if (grown.ok()) return;
  log_.Write(event::PublishFailed{.folder = StaticFolder::kPublic,
                                  .code = static_cast<int64_t>(grown.code()),
                                  .ledger = static_cast<int64_t>(files_.size())});
}

}  // namespace pinhole::front
