// Where an audit's entries come from: bundles and static files, read forward and again from any
// place.
#include "client/cli/entry_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/bundle_bytes.h"
#include "tests/unit/cli/memory_entries.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::AllEntries;
using ::pinhole::testing::BundleBytes;
using ::testing::HasSubstr;

using Entries = std::vector<std::string>;

// Of a ledger's two lengths, in a piece that is not the reader's: more than a buffer of them.
Entries ManyEntries() {
  Entries entries;
  for (int i = 0; i < 3'000; ++i) {
    entries.push_back(absl::StrFormat("%d", i));
    entries.back().resize(i % 700 == 0 ? 4096 : 512, '.');
  }
  return entries;
}

class EntrySourceTest : public ::testing::Test {
 protected:
  absl::StatusOr<EntryFile> Open(std::string_view bytes) const {
    const std::string path = folder_.path() + "/bundle";
    EXPECT_TRUE(WriteFileDurably(path, bytes, 0600).ok());
    return OpenBundle(path);
  }
  // `source` has `entries`, from wherever one begins.
  static void ExpectEverywhere(EntrySource& source, const Entries& entries) {
    const auto count = static_cast<int64_t>(entries.size());
    for (const int64_t at : {count - 1, int64_t{0}, int64_t{1}, count / 2, int64_t{255},
                             int64_t{256}, int64_t{257}, count - 2}) {
      ASSERT_TRUE(source.Seek(at).ok());
      for (int64_t i = at; i < std::min(at + 3, count); ++i) {
        const auto entry = source.Next();
        ASSERT_TRUE(entry.ok()) << entry.status();
        ASSERT_TRUE(entry->has_value());
        EXPECT_EQ(**entry, entries[static_cast<size_t>(i)]) << i;
      }
    }
    EXPECT_EQ(*source.Next(), std::nullopt);
    EXPECT_EQ(*source.Next(), std::nullopt) << "the end stays the end";
    ASSERT_TRUE(source.Seek(count + 5).ok());
    EXPECT_EQ(*source.Next(), std::nullopt);
    EXPECT_EQ(*AllEntries(source), entries);
  }

  TempDir folder_ = *TempDir::Make();
};

TEST_F(EntrySourceTest, BytesOfABundleAreAsDocumented) {
  EXPECT_EQ(BundleBytes("note\n", {"ab", std::string(258, 'x')}),
            std::string("pinhole bundle v1\ncheckpoint 5\nnote\n") + std::string("\0\2ab", 4) +
                std::string("\1\2", 2) + std::string(258, 'x'));
}

TEST_F(EntrySourceTest, ABundleComesBackAsItWas) {
  const std::string checkpoint = "a\nsigned\n\nnote\n";
  const Entries entries = {"one\n", std::string(4096, 'p'), std::string("\0\n", 2),
                           std::string(65'535, 'z')};
  const auto bundle = Open(BundleBytes(checkpoint, entries));
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->checkpoint, checkpoint);
  EXPECT_EQ(*AllEntries(*bundle->entries), entries);
  EXPECT_EQ(*AllEntries(*bundle->entries), entries) << "and once more";
}

TEST_F(EntrySourceTest, ALongBundleIsReadFromAnywhere) {
  const auto bundle = Open(BundleBytes(std::string(60'000, 'n'), ManyEntries()));
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  ExpectEverywhere(*bundle->entries, ManyEntries());
}

TEST_F(EntrySourceTest, WithoutEntriesIsABundle) {
  const auto bundle = Open("pinhole bundle v1\ncheckpoint 1\nx");
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(*bundle->entries->Next(), std::nullopt);
}

TEST_F(EntrySourceTest, DamageSaysWhere) {
  const std::string good = BundleBytes("note\n", {"ab", "cd"});
  struct Case {
    const char* name;
    std::string bytes;
    const char* says;
  };
  for (const Case& c : {
           Case{"empty", "", "must begin with"},
           Case{"other_version", "pinhole bundle v2\ncheckpoint 1\nx", "must begin with"},
           Case{"no_checkpoint", "pinhole bundle v1\nentries 5\n", "second line"},
           Case{"endless_line", "pinhole bundle v1\ncheckpoint " + std::string(99, '1'),
                "second line"},
           Case{"leading_zero", "pinhole bundle v1\ncheckpoint 01\nx", "no number"},
           Case{"negative", "pinhole bundle v1\ncheckpoint -1\nx", "no number"},
           Case{"cut_note", "pinhole bundle v1\ncheckpoint 9\nnote\n", "checkpoint is cut off"},
           Case{"cut_entry", good.substr(0, good.size() - 1),
                "entry 1: an entry of 2 bytes is cut"},
           Case{"cut_length", good + std::string(1, '\0'), "entry 2: the length"},
           Case{"empty_entry", good + std::string(2, '\0'), "entry 2: an entry of no bytes"},
       }) {
    SCOPED_TRACE(c.name);
    const auto bundle = Open(c.bytes);
    const absl::Status status =
        bundle.ok() ? AllEntries(*bundle->entries).status() : absl::Status(bundle.status());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says));
    EXPECT_THAT(std::string(status.message()), HasSubstr(folder_.path()));
  }
}

// A mirror's file: what grows behind the entries that were asked for is not looked at.
TEST_F(EntrySourceTest, FramesUpToACount) {
  const std::string path = folder_.path() + "/entries";
  Entries entries = ManyEntries();
  {
    const UniqueFd fd = *CreateForWrite(path, 0600);
    FrameWriter writer(fd.get());
    for (const std::string& entry : entries) ASSERT_TRUE(writer.Append(entry).ok());
    ASSERT_TRUE(writer.Append("half of an").ok());
    ASSERT_TRUE(writer.Flush().ok());
    ASSERT_EQ(::ftruncate(fd.get(), ::lseek(fd.get(), 0, SEEK_END) - 3), 0);
  }
  FramedEntries source(*OpenForRead(path), path, 0, 3'000);
  ExpectEverywhere(source, entries);
  FramedEntries one_more(*OpenForRead(path), path, 0, 3'001);
  EXPECT_THAT(std::string(AllEntries(one_more).status().message()), HasSubstr("entry 3000"));
  FramedEntries none(UniqueFd(), "nothing", 0, 0);
  EXPECT_EQ(*none.Next(), std::nullopt);
}

TEST_F(EntrySourceTest, StaticFilesAreReadFromAnywhere) {
  const NoteSigner signer = *NoteSigner::Create("a.example/b", SigningKey::FromSeed({4}));
  const Entries entries = ManyEntries();
  MerkleTree tree;
  for (const std::string& entry : entries) tree.Append(LeafHash(entry));
  publish::StaticLedger files =
      *publish::StaticLedger::Open(folder_.path() + "/tiles", signer.verifier());
  const std::string head = *SignCheckpoint({"a.example/b", tree.size(), tree.Root()}, signer);
  ASSERT_TRUE(files
                  .Publish(head,
                           [&](const Tile& tile) -> absl::StatusOr<std::string> {
                             if (tile.kind == TileKind::kHashes)
                               return HashTileBytes(tile, tree.Reader());
                             return EntryTileBytes(
                                 std::span(entries).subspan(tile.index * kTileWidth, tile.width));
                           })
                  .ok());
  TileEntries source(*publish::StaticReader::Open(folder_.path() + "/tiles", signer.verifier()),
                     "tiles");
  ExpectEverywhere(source, entries);
}

}  // namespace
}  // namespace pinhole::cli
