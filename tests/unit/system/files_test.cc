// Files, temporary folders, randomness and the clock.
#include "server/system/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>

#include "server/system/clock.h"
#include "server/system/random.h"
#include "server/system/temp_dir.h"

namespace pinhole {
namespace {

TempDir NewDir() {
  absl::StatusOr<TempDir> dir = TempDir::Make();
  EXPECT_TRUE(dir.ok()) << dir.status();
  return *std::move(dir);
}

mode_t ModeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777;
}

TEST(ReadFile, ReturnsWhatWasWrittenAndItsMode) {
  const TempDir dir = NewDir();
  const std::string path = dir.path() + "/x";
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(WriteFileDurably(path, content, 0640).ok());
  EXPECT_EQ(*ReadFile(path), content);
  EXPECT_EQ(ModeOf(path), 0640u);
  ASSERT_TRUE(WriteFileDurably(path, "", 0600).ok());
  EXPECT_EQ(*ReadFile(path), "");
  EXPECT_EQ(ModeOf(path), 0600u);
}

TEST(ReadFile, NamesThePathOfAMissingFile) {
  const absl::Status status = ReadFile("/nonexistent/pinhole").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_NE(status.message().find("/nonexistent/pinhole"), std::string::npos) << status;
}

TEST(ReadFile, RefusesBeyondItsLimit) {
  const TempDir dir = NewDir();
  const std::string path = dir.path() + "/x";
  ASSERT_TRUE(WriteFileDurably(path, "12345", 0600).ok());
  EXPECT_TRUE(ReadFile(path, 5).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ReadFile(path, 4).status()));
}

TEST(WriteFileDurably, LeavesNothingButTheFile) {
  const TempDir dir = NewDir();
  ASSERT_TRUE(WriteFileDurably(dir.path() + "/x", "1", 0600).ok());
  // A folder in the way makes the rename fail: the temporary file must go.
  ASSERT_TRUE(MakeDirectory(dir.path() + "/folder", 0750).ok());
  ASSERT_TRUE(WriteFileDurably(dir.path() + "/folder/y", "1", 0600).ok());
  EXPECT_FALSE(WriteFileDurably(dir.path() + "/folder", "2", 0600).ok());
  size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    ++entries;
  }
  EXPECT_EQ(entries, 2u);
}

TEST(CreateForWrite, RefusesAnExistingFile) {
  const TempDir dir = NewDir();
  ASSERT_TRUE(CreateForWrite(dir.path() + "/x", 0600).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(CreateForWrite(dir.path() + "/x", 0600).status()));
}

TEST(MakeDirectory, HasExactlyTheModeAskedFor) {
  const TempDir dir = NewDir();
  ASSERT_TRUE(MakeDirectory(dir.path() + "/d", 0777).ok());
  EXPECT_EQ(ModeOf(dir.path() + "/d"), 0777u);
}

TEST(RemoveTree, DoesNotFollowLinks) {
  const TempDir dir = NewDir();
  ASSERT_TRUE(MakeDirectory(dir.path() + "/kept", 0700).ok());
  ASSERT_TRUE(WriteFileDurably(dir.path() + "/kept/x", "1", 0600).ok());
  ASSERT_TRUE(MakeDirectory(dir.path() + "/gone", 0700).ok());
  std::filesystem::create_directory_symlink(dir.path() + "/kept", dir.path() + "/gone/link");
  ASSERT_TRUE(SyncTree(dir.path()).ok());
  ASSERT_TRUE(RemoveTree(dir.path() + "/gone").ok());
  EXPECT_FALSE(std::filesystem::exists(dir.path() + "/gone"));
  EXPECT_TRUE(std::filesystem::exists(dir.path() + "/kept/x"));
  EXPECT_TRUE(RemoveTree(dir.path() + "/gone").ok());
}

TEST(TempDir, IsGoneAfterItsEnd) {
  std::string path;
  {
    const TempDir dir = NewDir();
    path = dir.path();
    EXPECT_EQ(ModeOf(path), 0700u);
    ASSERT_TRUE(WriteFileDurably(path + "/x", "1", 0600).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(DirectoryOf, Table) {
  EXPECT_EQ(DirectoryOf("a/b"), "a");
  EXPECT_EQ(DirectoryOf("/a/b/"), "/a");
  EXPECT_EQ(DirectoryOf("b"), ".");
  EXPECT_EQ(DirectoryOf("/b"), "/");
  EXPECT_EQ(DirectoryOf("/"), "/");
}

TEST(RandomBytes, DifferEveryTime) {
  const auto first = RandomBytes<32>();
  EXPECT_NE(first, RandomBytes<32>());
  EXPECT_NE(first, (std::array<uint8_t, 32>{}));
}

TEST(SystemClock, AgreesWithTheSystem) {
  const auto seconds = [] { return static_cast<int64_t>(std::time(nullptr)); };
  const int64_t before = seconds();
  const int64_t now_ms = SystemClock().NowUnixMs();
  EXPECT_GE(now_ms, (before - 1) * 1000);
  EXPECT_LE(now_ms, (seconds() + 1) * 1000);
}

}  // namespace
}  // namespace pinhole
