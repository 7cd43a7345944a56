// Tiles: paths and shapes as C2SP's text gives them, bytes as another implementation made them, and
// every tile of every size again from its own ledger.
#include "server/core/log/tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/sha256.h"

namespace pinhole {
namespace {

using testing::ElementsAre;

std::vector<std::string> Paths(uint64_t old_size, uint64_t size) {
  std::vector<std::string> paths;
  for (const Tile& tile : TilesBetween(old_size, size)) paths.push_back(TilePath(tile));
  return paths;
}

// Entries "entry 0\n", "entry 1\n", …: those of our vectors.
struct SmallLedger {
  explicit SmallLedger(int size) {
    for (int i = 0; i < size; ++i) {
      entries.push_back(absl::StrFormat("entry %d\n", i));
      leaves.push_back(LeafHash(entries.back()));
    }
  }
  // Straight from the definition: the root of a run of leaves.
  absl::StatusOr<Digest> Read(int level, uint64_t index) const {
    const size_t width = size_t{1} << level;
    if ((index + 1) * width > leaves.size()) return absl::OutOfRangeError("no such subtree");
    return RootOf(std::span(leaves).subspan(index * width, width));
  }
  std::string Bytes(const Tile& tile) const {
    if (tile.kind == TileKind::kEntries) {
      return EntryTileBytes(std::span(entries).subspan(tile.index * kTileWidth, tile.width));
    }
    const auto bytes =
        HashTileBytes(tile, [this](int level, uint64_t index) { return Read(level, index); });
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  std::vector<std::string> entries;
  std::vector<Digest> leaves;
};

TEST(TilesTest, PathsAreThoseOfTheFormat) {
  const struct {
    Tile tile;
    const char* path;
  } cases[] = {
      {{.level = 0, .index = 1'234'067}, "tile/0/x001/x234/067"},
      {{.level = 0, .index = 0}, "tile/0/000"},
      {{.level = 2, .index = 999, .width = 1}, "tile/2/999.p/1"},
      {{.level = 1, .index = 1000, .width = 255}, "tile/1/x001/000.p/255"},
      {{.kind = TileKind::kEntries, .index = 1, .width = 44}, "tile/entries/001.p/44"},
  };
  for (const auto& c : cases) EXPECT_EQ(TilePath(c.tile), c.path);
  EXPECT_EQ(PartialTilesPath({.level = 1, .index = 1000, .width = 7}), "tile/1/x001/000.p");
}

// The example of tlog-tiles.
TEST(TilesTest, ATreeOf70000HasTheTilesOfTheFormatsExample) {
  std::map<std::pair<int, bool>, std::vector<uint64_t>> widths;  // (level, partial)
  for (const Tile& tile : TilesBetween(0, 70'000)) {
    if (tile.kind == TileKind::kHashes) widths[{tile.level, tile.partial()}].push_back(tile.width);
  }
  EXPECT_EQ((widths[{0, false}].size()), 273u);
  EXPECT_THAT((widths[{0, true}]), ElementsAre(112));
  EXPECT_EQ((widths[{1, false}].size()), 1u);
  EXPECT_THAT((widths[{1, true}]), ElementsAre(17));
  EXPECT_THAT((widths[{2, true}]), ElementsAre(1));
  EXPECT_EQ(widths.size(), 5u);
}

TEST(TilesTest, GrowthIsWhatIsNew) {
  EXPECT_THAT(Paths(0, 0), ElementsAre());
  EXPECT_THAT(Paths(0, 256), ElementsAre("tile/entries/000", "tile/0/000", "tile/1/000.p/1"));
  EXPECT_THAT(Paths(255, 256), ElementsAre("tile/entries/000", "tile/0/000", "tile/1/000.p/1"));
  EXPECT_THAT(Paths(256, 257), ElementsAre("tile/entries/001.p/1", "tile/0/001.p/1"));
  EXPECT_THAT(Paths(300, 300), ElementsAre());
}

// SHA-256 of files that were made in Python and read by Go's sumdb/tlog.
TEST(TilesTest, BytesAreThoseOfAnotherImplementation) {
  const std::map<std::string, std::string> expected = {
      {"tile/entries/000", "12f75dd8d581872fd76986057e513dc61cc74a1dfb3423eb3f6394246e0152d0"},
      {"tile/entries/001.p/44", "c9bacd50791128b8ac479b30f6f2b44f0cf5e0ca95c966a79a873ac0f97d8da4"},
      {"tile/0/000", "f2728f07da41df6e7162e102f024bc7ca9281c63b468971acb9e9990e5062eaa"},
      {"tile/0/001.p/44", "e4e1808bb3c17da2b44397d717f5ef32483d4e722bfa3f831144b0e81c9f6ba1"},
      {"tile/1/000.p/1", "aebe93cc3324716deb8b07b2192d631e1f97c226275d549a9db17086050b8f65"},
  };
  const SmallLedger ledger(300);
  std::map<std::string, std::string> found;
  for (const Tile& tile : TilesBetween(0, 300)) {
    found[TilePath(tile)] = HexEncode(Sha256(ledger.Bytes(tile)));
  }
  EXPECT_EQ(found, expected);
}

// A reader who has the tiles of a size alone can compute its root.
TEST(TilesTest, TheTilesOfEverySizeGiveItsRoot) {
  const SmallLedger ledger(600);
  for (const int size : {1, 2, 255, 256, 257, 511, 512, 513, 600}) {
    std::vector<Digest> hashes;  // of level 0
    for (const Tile& tile : TilesBetween(0, static_cast<uint64_t>(size))) {
      if (tile.kind != TileKind::kHashes || tile.level != 0) continue;
      const std::string bytes = ledger.Bytes(tile);
      ASSERT_EQ(bytes.size(), tile.width * 32);
      for (size_t i = 0; i < bytes.size(); i += 32) {
        Digest& hash = hashes.emplace_back();
        std::copy_n(AsBytes(bytes).begin() + static_cast<ptrdiff_t>(i), 32, hash.begin());
      }
    }
    EXPECT_EQ(hashes.size(), static_cast<size_t>(size));
    EXPECT_EQ(RootOf(hashes), RootOf(std::span(ledger.leaves).first(static_cast<size_t>(size))));
  }
}

// Step by step or at once: the same files, once partial ones that are full now are gone.
TEST(TilesTest, GrowthInAnyStepsEndsInTheSameFiles) {
  for (const uint64_t step : {1u, 7u, 100u, 256u, 300u}) {
    std::map<std::string, std::string> grown;
    const SmallLedger ledger(700);
    for (uint64_t size = 0; size < 700;) {
      const uint64_t next = std::min<uint64_t>(700, size + step);
      for (const Tile& tile : TilesBetween(size, next)) grown[TilePath(tile)] = ledger.Bytes(tile);
      size = next;
    }
    for (const Tile& tile : TilesBetween(0, 700)) {
      EXPECT_EQ(grown[TilePath(tile)], ledger.Bytes(tile)) << step << " " << TilePath(tile);
    }
  }
}

TEST(TilesTest, EntriesComeBackAndNothingElseDoes) {
  const SmallLedger ledger(3);
  const std::string bytes = EntryTileBytes(ledger.entries);
  EXPECT_EQ(*ParseEntryTile(bytes, 3), ledger.entries);
  EXPECT_FALSE(ParseEntryTile(bytes, 2).ok());
  EXPECT_FALSE(ParseEntryTile(bytes, 4).ok());
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(ParseEntryTile(bytes.substr(0, cut), 3).ok()) << cut;
  }
}

}  // namespace
}  // namespace pinhole
