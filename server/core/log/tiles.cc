#include "server/core/log/tiles.h"

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/status.h"

namespace pinhole {
namespace {

constexpr int kTileHeight = 8;  // 2^8 hashes

// Groups of three digits; all but the last begin with an x, so that no name is a file and a folder.
std::string IndexPath(uint64_t index) {
  std::string path = absl::StrFormat("%03d", index % 1000);
  for (uint64_t rest = index / 1000; rest > 0; rest /= 1000) {
    path = absl::StrFormat("x%03d/%s", rest % 1000, path);
  }
  return path;
}

// Appends the tiles of one level between two numbers of hashes on it.
void AppendLevel(TileKind kind, int level, uint64_t old_count, uint64_t count,
                 std::vector<Tile>& tiles) {
  if (count == old_count) return;
  for (uint64_t index = old_count / kTileWidth; index < count / kTileWidth; ++index) {
    tiles.push_back({.kind = kind, .level = level, .index = index});
  }
  if (const uint64_t width = count % kTileWidth; width > 0) {
    tiles.push_back({.kind = kind, .level = level, .index = count / kTileWidth, .width = width});
  }
}

}  // namespace

std::string TilePath(const Tile& tile) {
  const std::string level =
      tile.kind == TileKind::kEntries ? "entries" : absl::StrFormat("%d", tile.level);
  const std::string path = absl::StrFormat("tile/%s/%s", level, IndexPath(tile.index));
  return tile.partial() ? absl::StrFormat("%s.p/%d", path, tile.width) : path;
}

std::string PartialTilesPath(const Tile& tile) {
  Tile full = tile;
  full.width = kTileWidth;
  return TilePath(full) + ".p";
}

std::vector<Tile> TilesBetween(uint64_t old_size, uint64_t size) {
  std::vector<Tile> tiles;
  AppendLevel(TileKind::kEntries, 0, old_size, size, tiles);
  for (int level = 0; size > 0; ++level) {
    AppendLevel(TileKind::kHashes, level, old_size, size, tiles);
    old_size /= kTileWidth;
    size /= kTileWidth;
  }
  return tiles;
}

absl::StatusOr<std::string> HashTileBytes(const Tile& tile, const NodeReader& read) {
  std::string bytes;
  for (uint64_t i = 0; i < tile.width; ++i) {
    ASSIGN_OR_RETURN(const Digest hash,
                     read(tile.level * kTileHeight, tile.index * kTileWidth + i));
    bytes.append(AsText(hash));
  }
  return bytes;
}

void AppendEntryFrame(std::string& out, std::string_view entry) {
  out.push_back(static_cast<char>(entry.size() >> 8));
  out.push_back(static_cast<char>(entry.size() & 0xff));
  out.append(entry);
}

absl::StatusOr<std::string_view> TakeEntryFrame(std::string_view& rest) {
  if (rest.size() < 2) return absl::InvalidArgumentError("the length of an entry is cut off");
  const size_t length =
      static_cast<size_t>(static_cast<uint8_t>(rest[0])) << 8 | static_cast<uint8_t>(rest[1]);
  if (length == 0) return absl::InvalidArgumentError("an entry of no bytes");
  if (rest.size() - 2 < length) {
    return absl::InvalidArgumentError(
        absl::StrFormat("an entry of %d bytes is cut off after %d", length, rest.size() - 2));
  }
  const std::string_view entry = rest.substr(2, length);
  rest.remove_prefix(2 + length);
  return entry;
}

std::string EntryTileBytes(std::span<const std::string> entries) {
  std::string bytes;
  for (const std::string& entry : entries) AppendEntryFrame(bytes, entry);
  return bytes;
}

absl::StatusOr<std::vector<std::string>> ParseEntryTile(std::string_view bytes, uint64_t width) {
  std::vector<std::string> entries;
  while (!bytes.empty()) {
    ASSIGN_OR_RETURN(const std::string_view entry, TakeEntryFrame(bytes));
    entries.emplace_back(entry);
  }
  if (entries.size() != width) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d entries where %d were to be", entries.size(), width));
  }
  return entries;
}

}  // namespace pinhole
