// A ledger as files that never change once they are full, in C2SP's format (c2sp.org/tlog-tiles
// v0.1.0): hashes in tiles of 256, entries in bundles of 256.
//
//   tile/<level>/<index>[.p/<width>]     level 0: leaf hashes; above: roots of full tiles below
//   tile/entries/<index>[.p/<width>]     each entry as u16 big-endian length ‖ bytes
//
// Beside them lies `checkpoint`, the signed head, the only file that changes. Everything here is
// pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/log/merkle.h"

namespace pinhole {

inline constexpr uint64_t kTileWidth = 256;

// The content type of a tile: hashes of the tree, or the entries themselves.
enum class TileKind { kHashes, kEntries };

struct Tile {
  TileKind kind = TileKind::kHashes;
  int level = 0;  // 0 for entries
  uint64_t index = 0;
  uint64_t width = kTileWidth;  // 1 to 256; less than 256: a partial tile

  bool partial() const { return width < kTileWidth; }
  bool operator==(const Tile&) const = default;
};

// Relative to the ledger's folder, such as "tile/0/x001/x234/067" or "tile/entries/000.p/44".
std::string TilePath(const Tile& tile);
// The folder in which the partial forms of a tile lie, such as "tile/0/000.p".
std::string PartialTilesPath(const Tile& tile);

// The tiles that a ledger of `size` entries has and one of `old_size` entries has not: full ones,
// and a partial one at the right edge of each level. Lowest level first, entries before all.
// Needs old_size <= size.
std::vector<Tile> TilesBetween(uint64_t old_size, uint64_t size);

// The concatenated hashes of a tile. `read` is asked for complete subtrees alone. Errors: its own.
absl::StatusOr<std::string> HashTileBytes(const Tile& tile, const NodeReader& read);

// Appends `entry` as bundles and C2SP's tiles hold it. Needs 1 to 65,535 bytes.
void AppendEntryFrame(std::string& out, std::string_view entry);

// Takes one framed entry off the front of `rest`; a view into it. Errors: INVALID_ARGUMENT when the
// frame is empty or its bytes are not all there; `rest` is unchanged then.
absl::StatusOr<std::string_view> TakeEntryFrame(std::string_view& rest);

// The framed entries of a bundle: exactly the tile's width of them.
std::string EntryTileBytes(std::span<const std::string> entries);

// The entries of a bundle. Errors: INVALID_ARGUMENT unless there are `width` of them and nothing
// else.
absl::StatusOr<std::vector<std::string>> ParseEntryTile(std::string_view bytes, uint64_t width);

}  // namespace pinhole
