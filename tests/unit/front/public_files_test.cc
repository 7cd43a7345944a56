// The front's static files: they follow the mirror, over restarts, and what goes wrong with them
// stops nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "server/front/folder.h"
#include "server/front/store.h"
#include "server/system/files.h"
#include "tests/support/static_content.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using ::testing::HasSubstr;

class PublicFilesTest : public FrontTest {
 protected:
  PublicFilesTest() {
    Exchange();  // a front that was never connected to leaves its connection in the vault's queue
    StopFront();
    const std::string path = front_folder_ + "/pinholed.toml";
    Config config = ParseConfig(ReadFile(path).value()).value();
    config.public_folder = Public();
    EXPECT_TRUE(WriteFileDurably(path, FormatConfig(config).value(), 0600).ok());
    StartFront();
  }
  std::string Public() const { return folder_.path() + "/public"; }
  NoteVerifier LogKey() const { return NoteVerifier::FromVkey(vault_.ledger().Vkey()).value(); }
  // The files are written after readers were told, on the pipe's thread: an exchange later they
  // are there.
  std::vector<std::string> Files() {
    const auto content = ::pinhole::testing::ReadStaticLedger(Public(), LogKey());
    EXPECT_TRUE(content.ok()) << content.status();
    return content.ok() ? content->entries : std::vector<std::string>();
  }
  std::vector<std::string> Entries() {
    std::vector<std::string> entries;
    for (const v1::LedgerEntry& entry : AwaitEntries(vault_.ledger().state().size())) {
      entries.push_back(entry.entry());
    }
    return entries;
  }
};

TEST_F(PublicFilesTest, FollowTheMirror) {
  for (int round = 0; round < 3; ++round) {
    const std::vector<std::string> before = round == 0 ? std::vector<std::string>() : Entries();
    Exchange();
    const std::vector<std::string> files = Files();
    ASSERT_GE(files.size(), before.size());
    const std::vector<std::string> now = Entries();
    EXPECT_TRUE(std::equal(files.begin(), files.end(), now.begin()));
  }
  StopFront();
  StartFront();  // what a kill left out is written at the start
  EXPECT_EQ(Files(), Entries());
}

TEST_F(PublicFilesTest, WhatGoesWrongIsLoggedAndStopsNothing) {
  Exchange();
  StopFront();
  StartFront();
  const size_t size = Files().size();
  // A file where the next bundle's folder has to be.
  std::filesystem::remove_all(Public() + "/tile");
  ASSERT_TRUE(WriteFileDurably(Public() + "/tile", "in the way", 0644).ok());
  Exchange();
  Exchange();
  EXPECT_GT(Entries().size(), size);
  EXPECT_THAT(Log(), HasSubstr("event=publish-failed"));
}

TEST_F(PublicFilesTest, AnotherHistoryIsRefused) {
  Exchange();
  StopFront();
  StartFront();
  StopFront();
  // The front's database goes back to its beginning, the folder does not.
  std::filesystem::remove(front_folder_ + "/front.db");
  ASSERT_TRUE(Store::Create(front_folder_ + "/front.db").ok());
  const auto files = ReadFolder(front_folder_);
  ASSERT_TRUE(files.ok());
  const auto server =
      Server::Start(front_folder_, *files, clock_, EventLog(log_.get(), EventLog::Style::kJournal));
  EXPECT_EQ(server.status().code(), absl::StatusCode::kDataLoss) << server.status();
}

}  // namespace
}  // namespace pinhole::front
