// Changes of a file, told by the system.
#include "server/system/file_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>

#include "server/system/files.h"
#include "server/system/temp_dir.h"

namespace pinhole {
namespace {

bool Readable(const FileWatch& watch) {
  pollfd entry{.fd = watch.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

// A change, as a file that is closed after it was open to write.
bool OpenAppend(const std::string& path) { return std::ofstream(path, std::ios::app).is_open(); }

TEST(FileWatch, TellsOfItsFileAlone) {
  const TempDir dir = TempDir::Make().value();
  auto watch = FileWatch::Open(dir.path(), "x");
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_FALSE(Readable(*watch));
  EXPECT_FALSE(watch->Take().value());
  ASSERT_TRUE(WriteFileDurably(dir.path() + "/xy", "1", 0600).ok());
  EXPECT_FALSE(watch->Take().value());
  for (const char* const text : {"1", "2", "2"}) {
    ASSERT_TRUE(WriteFileDurably(dir.path() + "/x", text, 0600).ok());
    EXPECT_TRUE(Readable(*watch));
    EXPECT_TRUE(watch->Take().value());
    EXPECT_FALSE(watch->Take().value());
  }
}

// More than one read takes, and then more than the system keeps.
TEST(FileWatch, LosesNoChangeAmongMany) {
  const TempDir dir = TempDir::Make().value();
  auto watch = FileWatch::Open(dir.path(), "x");
  ASSERT_TRUE(watch.ok()) << watch.status();
  const auto change_others = [&](int count) {
    for (int i = 0; i < count; ++i) {
      // Two names in turn: the system joins equal neighbours.
      ASSERT_TRUE(OpenAppend(dir.path() + (i % 2 == 0 ? "/a" : "/b")));
    }
  };
  change_others(1000);
  ASSERT_TRUE(WriteFileDurably(dir.path() + "/x", "1", 0600).ok());
  EXPECT_TRUE(watch->Take().value());
  EXPECT_FALSE(watch->Take().value());
  change_others(1000);
  EXPECT_FALSE(watch->Take().value());
  change_others(std::stoi(ReadFile("/proc/sys/fs/inotify/max_queued_events").value()) + 1);
  EXPECT_TRUE(watch->Take().value()) << "what was lost may have been of the file";
}

TEST(FileWatch, EndsWithItsFolder) {
  const TempDir dir = TempDir::Make().value();
  const std::string folder = dir.path() + "/f";
  EXPECT_EQ(FileWatch::Open(folder, "x").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(MakeDirectory(folder, 0700).ok());
  auto watch = FileWatch::Open(folder, "x");
  ASSERT_TRUE(watch.ok()) << watch.status();
  std::filesystem::rename(folder, dir.path() + "/g");
  EXPECT_TRUE(Readable(*watch));
  EXPECT_EQ(watch->Take().status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace pinhole
