// A ledger as static files: whole at every moment, the same however it grew, never taken back.
#include "server/publish/static_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "absl/strings/str_format.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/static_content.h"

namespace pinhole::publish {
namespace {

using ::pinhole::testing::ReadStaticLedger;

constexpr char kOrigin[] = "pinhole.example/contest1";

class Ledger {
 public:
  explicit Ledger(std::string_view word = "entry") : word_(word) { Grow(700); }

  const NoteVerifier& log() const { return signer_.verifier(); }
  std::string Head(uint64_t size) const {
    return *SignCheckpoint({kOrigin, size, *tree_.RootAt(size)}, signer_);
  }
  absl::StatusOr<std::string> Bytes(const Tile& tile) const {
    if (tile.kind == TileKind::kEntries) {
      return EntryTileBytes(std::span(entries_).subspan(tile.index * kTileWidth, tile.width));
    }
    return HashTileBytes(tile, [this](int level, uint64_t index) {
      const uint64_t width = uint64_t{1} << level;
      return RootOf(std::span(leaves_).subspan(index * width, width));
    });
  }
  TileSource Source() const {
    return [this](const Tile& tile) { return Bytes(tile); };
  }
  std::vector<std::string> First(size_t count) const {
    return {entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(count)};
  }

 private:
  void Grow(int count) {
    for (int i = 0; i < count; ++i) {
      entries_.push_back(absl::StrFormat("%s %d\n", word_, i));
      leaves_.push_back(LeafHash(entries_.back()));
      tree_.Append(leaves_.back());
    }
  }
  static NoteSigner Signer() {
    std::array<uint8_t, 32> seed;
    seed.fill(1);
    return *NoteSigner::Create(kOrigin, SigningKey::FromSeed(seed));
  }

  std::string word_;
  NoteSigner signer_ = Signer();
  std::vector<std::string> entries_;
  std::vector<Digest> leaves_;
  MerkleTree tree_;
};

std::map<std::string, std::string> FilesOf(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    files[std::filesystem::relative(file.path(), folder).string()] =
        *ReadFile(file.path().string());
  }
  return files;
}

class StaticLedgerTest : public ::testing::Test {
 protected:
  std::string Folder(std::string_view name) const { return temp_.path() + "/" + std::string(name); }

  TempDir temp_ = *TempDir::Make();
  Ledger ledger_;
};

TEST_F(StaticLedgerTest, HoldsWhatTheFormatAsksForAtEverySize) {
  StaticLedger files = *StaticLedger::Open(Folder("a"), ledger_.log());
  for (const uint64_t size : {1u, 2u, 100u, 255u, 256u, 257u, 512u, 513u, 700u}) {
    ASSERT_TRUE(files.Publish(ledger_.Head(size), ledger_.Source()).ok());
    EXPECT_EQ(files.size(), size);
    const auto found = FilesOf(Folder("a"));
    for (const Tile& tile : TilesBetween(0, size)) {
      const auto file = found.find(TilePath(tile));
      ASSERT_NE(file, found.end()) << size << " " << TilePath(tile);
      EXPECT_EQ(file->second, *ledger_.Bytes(tile));
    }
    const auto content = ReadStaticLedger(Folder("a"), ledger_.log());
    ASSERT_TRUE(content.ok()) << content.status();
    EXPECT_EQ(content->entries, ledger_.First(size));
    EXPECT_EQ(content->checkpoint, ledger_.Head(size));
  }
  EXPECT_EQ(FilesOf(Folder("a")).at("log.vkey"), ledger_.log().ToVkey() + "\n");
}

TEST_F(StaticLedgerTest, AFullTileEndsItsPartialForms) {
  StaticLedger files = *StaticLedger::Open(Folder("a"), ledger_.log());
  ASSERT_TRUE(files.Publish(ledger_.Head(100), ledger_.Source()).ok());
  ASSERT_TRUE(files.Publish(ledger_.Head(200), ledger_.Source()).ok());
  EXPECT_EQ(FilesOf(Folder("a")).count("tile/0/000.p/100"), 1u);  // of a head that was published
  ASSERT_TRUE(files.Publish(ledger_.Head(256), ledger_.Source()).ok());
  for (const auto& [path, bytes] : FilesOf(Folder("a"))) {
    EXPECT_EQ(path.find("000.p/1") == std::string::npos || path == "tile/1/000.p/1", true) << path;
    EXPECT_EQ(path.find("000.p/2"), std::string::npos) << path;
  }
}

TEST_F(StaticLedgerTest, GoesOnWhereItStopped) {
  for (const uint64_t size : {300u, 600u}) {
    StaticLedger files = *StaticLedger::Open(Folder("a"), ledger_.log());
    ASSERT_TRUE(files.Publish(ledger_.Head(size), ledger_.Source()).ok());
  }
  StaticLedger at_once = *StaticLedger::Open(Folder("b"), ledger_.log());
  ASSERT_TRUE(at_once.Publish(ledger_.Head(600), ledger_.Source()).ok());
  auto grown = FilesOf(Folder("a"));
  for (const auto& [path, bytes] : FilesOf(Folder("b"))) EXPECT_EQ(grown[path], bytes) << path;
}

// At every write in turn the growth is cut short: the old head still has all it heads.
TEST_F(StaticLedgerTest, IsWholeWhereverAGrowthEnds) {
  const size_t writes = TilesBetween(250, 600).size();
  for (size_t stop = 0; stop < writes; ++stop) {
    const std::string folder = Folder(absl::StrFormat("cut%d", stop));
    StaticLedger files = *StaticLedger::Open(folder, ledger_.log());
    ASSERT_TRUE(files.Publish(ledger_.Head(250), ledger_.Source()).ok());
    size_t count = 0;
    const absl::Status cut =
        files.Publish(ledger_.Head(600), [&](const Tile& tile) -> absl::StatusOr<std::string> {
          if (count++ == stop) return absl::UnavailableError("cut");
          return ledger_.Bytes(tile);
        });
    EXPECT_EQ(cut.code(), absl::StatusCode::kUnavailable);
    const auto content = ReadStaticLedger(folder, ledger_.log());
    ASSERT_TRUE(content.ok()) << stop << " " << content.status();
    EXPECT_EQ(content->entries, ledger_.First(250));
    StaticLedger again = *StaticLedger::Open(folder, ledger_.log());
    ASSERT_TRUE(again.Publish(ledger_.Head(600), ledger_.Source()).ok());
    EXPECT_EQ(ReadStaticLedger(folder, ledger_.log())->entries, ledger_.First(600));
  }
}

TEST_F(StaticLedgerTest, ACosignedHeadStandsUntilTheLedgerGrows) {
  StaticLedger files = *StaticLedger::Open(Folder("a"), ledger_.log());
  ASSERT_TRUE(files.Publish(ledger_.Head(300), ledger_.Source()).ok());
  const std::string path = Folder("a") + "/checkpoint";
  const auto cosign = [](std::string note) -> absl::StatusOr<std::string> {
    return note + "— w.example/w AAAAAAAA\n";
  };
  ASSERT_TRUE(CosignStaticLedger(Folder("a"), ledger_.Head(300), cosign).ok());
  const std::string cosigned = ledger_.Head(300) + "— w.example/w AAAAAAAA\n";
  EXPECT_EQ(*ReadFile(path), cosigned);
  StaticLedger again = *StaticLedger::Open(Folder("a"), ledger_.log());
  ASSERT_TRUE(again.Publish(ledger_.Head(300), ledger_.Source()).ok());
  EXPECT_EQ(*ReadFile(path), cosigned);
  // What was asked about an older head, or fails, changes nothing.
  ASSERT_TRUE(again.Publish(ledger_.Head(301), ledger_.Source()).ok());
  EXPECT_EQ(CosignStaticLedger(Folder("a"), ledger_.Head(300), cosign).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CosignStaticLedger(Folder("a"), ledger_.Head(301),
                               [](const std::string&) { return absl::DataLossError("no"); })
                .code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(*ReadFile(path), ledger_.Head(301));
}

TEST_F(StaticLedgerTest, TakesNothingBack) {
  StaticLedger files = *StaticLedger::Open(Folder("a"), ledger_.log());
  ASSERT_TRUE(files.Publish(ledger_.Head(300), ledger_.Source()).ok());
  const auto before = FilesOf(Folder("a"));
  EXPECT_EQ(files.Publish(ledger_.Head(299), ledger_.Source()).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(files.Publish("no note", ledger_.Source()).ok());
  EXPECT_TRUE(files.Publish(ledger_.Head(300), ledger_.Source()).ok());
  EXPECT_EQ(FilesOf(Folder("a")), before);
}

TEST_F(StaticLedgerTest, HashesAloneAreTheSameFilesWithoutEntries) {
  StaticLedger hashes =
      *StaticLedger::Open(Folder("hashes"), ledger_.log(), StaticFiles::kHashesAlone);
  StaticLedger whole = *StaticLedger::Open(Folder("whole"), ledger_.log());
  for (const uint64_t size : {1u, 255u, 256u, 700u}) {
    ASSERT_TRUE(hashes.Publish(ledger_.Head(size), ledger_.Source()).ok());
    ASSERT_TRUE(whole.Publish(ledger_.Head(size), ledger_.Source()).ok());
    auto wanted = FilesOf(Folder("whole"));
    std::erase_if(wanted, [](const auto& file) { return file.first.starts_with("tile/entries"); });
    EXPECT_EQ(FilesOf(Folder("hashes")), wanted);
    for (const char* const name : {"hashes", "whole"}) {
      const auto read = ReadStaticHashes(Folder(name), ledger_.log());
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->checkpoint, ledger_.Head(size));
      EXPECT_EQ(read->leaves.size(), size);
      EXPECT_EQ(RootOf(read->leaves), OpenCheckpoint(ledger_.Head(size), ledger_.log())->root);
    }
  }
  EXPECT_EQ(ReadStaticLedger(Folder("hashes"), ledger_.log()).status().code(),
            absl::StatusCode::kNotFound);
}

// The head was read before the ledger grew, its tiles after.
TEST_F(StaticLedgerTest, HashesAreReadFromTheFullTileThatAPartialOneBecame) {
  StaticLedger files = *StaticLedger::Open(Folder("a"), ledger_.log());
  ASSERT_TRUE(files.Publish(ledger_.Head(256), ledger_.Source()).ok());
  ASSERT_TRUE(WriteFileDurably(Folder("a") + "/checkpoint", ledger_.Head(200), 0644).ok());
  const auto read = ReadStaticHashes(Folder("a"), ledger_.log());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->leaves.size(), 200u);
  const std::string tile = Folder("a") + "/tile/0/000";
  ASSERT_TRUE(WriteFileDurably(tile, ReadFile(tile)->substr(1), 0644).ok());
  const absl::Status damaged = ReadStaticHashes(Folder("a"), ledger_.log()).status();
  EXPECT_EQ(damaged.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(damaged.message().find("tile/0/000"), std::string::npos) << damaged;
}

TEST_F(StaticLedgerTest, AnotherLedgersFolderIsRefused) {
  ASSERT_TRUE(StaticLedger::Open(Folder("a"), ledger_.log())
                  ->Publish(ledger_.Head(3), ledger_.Source())
                  .ok());
  std::array<uint8_t, 32> seed{2};
  const NoteSigner other = *NoteSigner::Create(kOrigin, SigningKey::FromSeed(seed));
  EXPECT_EQ(StaticLedger::Open(Folder("a"), other.verifier()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(StaticLedgerTest, AMissingOrDamagedBundleIsNamed) {
  StaticLedger files = *StaticLedger::Open(Folder("a"), ledger_.log());
  ASSERT_TRUE(files.Publish(ledger_.Head(300), ledger_.Source()).ok());
  const std::string bundle = Folder("a") + "/tile/entries/001.p/44";
  const std::string bytes = *ReadFile(bundle);
  ASSERT_TRUE(WriteFileDurably(bundle, bytes.substr(1), 0644).ok());
  const absl::Status damaged = ReadStaticLedger(Folder("a"), ledger_.log()).status();
  EXPECT_NE(damaged.message().find("tile/entries/001.p/44"), std::string::npos) << damaged;
  std::filesystem::remove(bundle);
  EXPECT_EQ(ReadStaticLedger(Folder("a"), ledger_.log()).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace pinhole::publish
