#include "server/publish/static_ledger.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/system/files.h"
#include "server/system/unique_fd.h"

namespace pinhole::publish {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;
// The longest bundle: 256 entries, each of at most 65,535 bytes and its length.
constexpr size_t kBundleLimitBytes = kTileWidth * (65'535 + 2);
constexpr size_t kNoteLimitBytes = size_t{1} << 16;

// The folder and those above it, up to one that is there.
absl::Status MakeDirectories(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return absl::OkStatus();
  RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path)));
  absl::Status made = MakeDirectory(path, kFolderMode);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  return SyncDirectory(DirectoryOf(path));
}

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Held while `checkpoint` is replaced; released with the descriptor. The folder itself is locked,
// so that nothing lies there that is not published.
absl::StatusOr<UniqueFd> LockFolder(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", folder));
  if (::flock(fd.get(), LOCK_EX) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("lock %s", folder));
  }
  return fd;
}

struct StoredTile {
  std::string bytes;
  uint64_t width = 0;  // that of the tile, or of the full one that it has become since
};

absl::StatusOr<StoredTile> ReadTile(const std::string& folder, const Tile& tile, size_t limit) {
  absl::StatusOr<std::string> bytes = ReadFile(folder + "/" + TilePath(tile), limit);
  if (bytes.ok()) return StoredTile{*std::move(bytes), tile.width};
  if (!absl::IsNotFound(bytes.status())) return bytes.status();
  Tile full = tile;
  full.width = kTileWidth;
  ASSIGN_OR_RETURN(std::string all, ReadFile(folder + "/" + TilePath(full), limit));
  return StoredTile{std::move(all), full.width};
}

// What the signatures of a note are over.
absl::StatusOr<std::string> TextOf(std::string_view note) {
  ASSIGN_OR_RETURN(NoteParts parts, ParseNote(note));
  return std::move(parts.text);
}

}  // namespace

absl::StatusOr<StaticLedger> StaticLedger::Open(std::string folder, const NoteVerifier& log,
                                                StaticFiles files) {
  StaticLedger ledger(std::move(folder), log, files);
  RETURN_IF_ERROR(MakeDirectories(ledger.folder_));
  const std::string path = ledger.folder_ + "/checkpoint";
  if (Exists(path)) {
    ASSIGN_OR_RETURN(const std::string note, ReadFile(path, kNoteLimitBytes));
    const auto head = OpenCheckpoint(note, log);
    if (!head.ok()) {
      return absl::DataLossError(absl::StrFormat(
          "%s is not of this ledger (%s): name another folder, or move this one away", path,
          head.status().message()));
    }
    ledger.size_ = head->size;
    ledger.root_ = head->root;
  }
  const std::string key = ledger.folder_ + "/log.vkey";
  if (!Exists(key)) RETURN_IF_ERROR(WriteFileDurably(key, log.ToVkey() + "\n", kFileMode));
  return ledger;
}

absl::Status StaticLedger::WriteTile(const Tile& tile, std::string_view bytes) const {
  const std::string path = folder_ + "/" + TilePath(tile);
  RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path)));
  RETURN_IF_ERROR(WriteFileDurably(path, bytes, kFileMode));
  if (tile.partial()) return absl::OkStatus();
  return RemoveTree(folder_ + "/" + PartialTilesPath(tile));
}

absl::Status StaticLedger::Publish(std::string_view checkpoint, const TileSource& tiles) {
  ASSIGN_OR_RETURN(const Checkpoint head, OpenCheckpoint(checkpoint, log_));
  if (head.size < size_) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s heads %d entries; a head of %d would take some back", folder_, size_, head.size));
  }
  if (head.size == size_ && Exists(folder_ + "/checkpoint")) return absl::OkStatus();
  for (const Tile& tile : TilesBetween(size_, head.size)) {
    if (tile.kind == TileKind::kEntries && files_ == StaticFiles::kHashesAlone) continue;
    ASSIGN_OR_RETURN(const std::string bytes, tiles(tile));
    RETURN_IF_ERROR(WriteTile(tile, bytes));
  }
  ASSIGN_OR_RETURN(const UniqueFd lock, LockFolder(folder_));
  RETURN_IF_ERROR(WriteFileDurably(folder_ + "/checkpoint", checkpoint, kFileMode));
  size_ = head.size;
  root_ = head.root;
  return absl::OkStatus();
}

absl::Status CosignStaticLedger(
    const std::string& folder, std::string_view note,
    const std::function<absl::StatusOr<std::string>(std::string note)>& cosign) {
  ASSIGN_OR_RETURN(const UniqueFd lock, LockFolder(folder));
  ASSIGN_OR_RETURN(const std::string standing, ReadFile(folder + "/checkpoint", kNoteLimitBytes));
  ASSIGN_OR_RETURN(const std::string text, TextOf(standing));
  ASSIGN_OR_RETURN(const std::string expected, TextOf(note));
  if (text != expected) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s has another head by now: ask the witnesses again", folder));
  }
  ASSIGN_OR_RETURN(const std::string cosigned, cosign(standing));
  if (cosigned == standing) return absl::OkStatus();
  return WriteFileDurably(folder + "/checkpoint", cosigned, kFileMode);
}

absl::StatusOr<StaticReader> StaticReader::Open(std::string folder, const NoteVerifier& log) {
  ASSIGN_OR_RETURN(std::string note, ReadFile(folder + "/checkpoint", kNoteLimitBytes));
  ASSIGN_OR_RETURN(const Checkpoint head, OpenCheckpoint(note, log));
  return StaticReader(std::move(folder), std::move(note), head.size);
}

absl::StatusOr<std::vector<std::string>> StaticReader::Bundle(uint64_t index) const {
  Tile tile{.kind = TileKind::kEntries, .index = index};
  tile.width = std::min(kTileWidth, size_ - index * kTileWidth);
  ASSIGN_OR_RETURN(const StoredTile stored, ReadTile(folder_, tile, kBundleLimitBytes));
  absl::StatusOr<std::vector<std::string>> entries = ParseEntryTile(stored.bytes, stored.width);
  if (!entries.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %s", TilePath(tile), entries.status().message()));
  }
  entries->resize(tile.width);
  return entries;
}

absl::StatusOr<StaticHashes> ReadStaticHashes(const std::string& folder, const NoteVerifier& log) {
  constexpr size_t kHashBytes = std::tuple_size_v<Digest>;
  StaticHashes hashes;
  ASSIGN_OR_RETURN(hashes.checkpoint, ReadFile(folder + "/checkpoint", kNoteLimitBytes));
  ASSIGN_OR_RETURN(const Checkpoint head, OpenCheckpoint(hashes.checkpoint, log));
  for (const Tile& tile : TilesBetween(0, head.size)) {
    if (tile.kind != TileKind::kHashes || tile.level != 0) continue;
    ASSIGN_OR_RETURN(const StoredTile stored, ReadTile(folder, tile, kTileWidth * kHashBytes));
    if (stored.bytes.size() != stored.width * kHashBytes) {
      return absl::InvalidArgumentError(absl::StrFormat("%s: %d bytes where %d hashes were to be",
                                                        TilePath(tile), stored.bytes.size(),
                                                        stored.width));
    }
    for (uint64_t i = 0; i < tile.width; ++i) {
      const ByteView bytes = AsBytes(stored.bytes).subspan(i * kHashBytes, kHashBytes);
      std::copy(bytes.begin(), bytes.end(), hashes.leaves.emplace_back().begin());
    }
  }
  return hashes;
}

}  // namespace pinhole::publish
