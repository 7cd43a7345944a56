// Unix sockets and reading and writing with a deadline.
#include "server/system/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <thread>
#include <vector>

#include "server/system/files.h"
#include "server/system/temp_dir.h"

namespace pinhole {
namespace {

Deadline Soon() { return Deadline::After(absl::Seconds(10)); }
Deadline Now() { return Deadline::After(absl::ZeroDuration()); }

class UnixSocket : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TempDir> dir = TempDir::Make();
    ASSERT_TRUE(dir.ok()) << dir.status();
    dir_ = std::make_unique<TempDir>(*std::move(dir));
    path_ = dir_->path() + "/s";
  }

  void ConnectPair() {
    absl::StatusOr<UniqueFd> listener = ListenUnix(path_, {.mode = 0660});
    ASSERT_TRUE(listener.ok()) << listener.status();
    absl::StatusOr<UniqueFd> client = ConnectUnix(path_);
    ASSERT_TRUE(client.ok()) << client.status();
    absl::StatusOr<UniqueFd> server = AcceptUnix(listener->get(), Soon());
    ASSERT_TRUE(server.ok()) << server.status();
    client_ = *std::move(client);
    server_ = *std::move(server);
  }

  std::unique_ptr<TempDir> dir_;
  std::string path_;
  UniqueFd client_;
  UniqueFd server_;
};

TEST_F(UnixSocket, HasItsModeAndReplacesAStaleOne) {
  for (int round = 0; round < 2; ++round) {
    const absl::StatusOr<UniqueFd> listener = ListenUnix(path_, {.mode = 0620});
    ASSERT_TRUE(listener.ok()) << listener.status();
    struct stat found {};
    ASSERT_EQ(::stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0620u);
  }
  EXPECT_TRUE(absl::IsUnavailable(ConnectUnix(path_).status()));
}

TEST_F(UnixSocket, RefusesToReplaceAFile) {
  ASSERT_TRUE(WriteFileDurably(path_, "precious", 0600).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(ListenUnix(path_, {}).status()));
  EXPECT_EQ(*ReadFile(path_), "precious");
}

TEST_F(UnixSocket, RefusesALongPath) {
  EXPECT_TRUE(absl::IsInvalidArgument(ListenUnix(std::string(108, 'x'), {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ConnectUnix("").status()));
}

TEST_F(UnixSocket, ConnectSaysWhetherTheFileIsThere) {
  EXPECT_TRUE(absl::IsNotFound(ConnectUnix(path_).status()));
}

TEST_F(UnixSocket, AcceptStopsAtItsDeadline) {
  const absl::StatusOr<UniqueFd> listener = ListenUnix(path_, {});
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(AcceptUnix(listener->get(), Now()).status()));
}

TEST_F(UnixSocket, CarriesMoreThanTheKernelBuffers) {
  ConnectPair();
  std::vector<uint8_t> sent(4 << 20);
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<uint8_t>(i * 7 + i / 251);
  absl::Status written;
  std::thread writer([&] { written = WriteAll(client_.get(), sent, Soon()); });
  std::vector<uint8_t> got(sent.size());
  const absl::Status read = ReadExactly(server_.get(), got, Soon());
  writer.join();
  EXPECT_TRUE(written.ok()) << written;
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(got, sent);
}

TEST_F(UnixSocket, ReadStopsAtItsDeadline) {
  ConnectPair();
  std::array<uint8_t, 4> got{};
  EXPECT_TRUE(absl::IsDeadlineExceeded(ReadExactly(server_.get(), got, Now())));
  EXPECT_EQ(*ReadSome(server_.get(), got), 0u);
}

TEST_F(UnixSocket, WriteStopsAtItsDeadlineWhenNobodyReads) {
  ConnectPair();
  const std::vector<uint8_t> bytes(64 << 20);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      WriteAll(client_.get(), bytes, Deadline::After(absl::Milliseconds(50)))));
}

TEST_F(UnixSocket, TellsACleanEndFromATornOne) {
  ConnectPair();
  const std::array<uint8_t, 2> half = {1, 2};
  ASSERT_TRUE(WriteAll(client_.get(), half, Soon()).ok());
  client_.Close();
  std::array<uint8_t, 4> got{};
  EXPECT_TRUE(absl::IsDataLoss(ReadExactly(server_.get(), got, Soon())));
  EXPECT_TRUE(absl::IsOutOfRange(ReadExactly(server_.get(), got, Soon())));
  EXPECT_TRUE(absl::IsOutOfRange(ReadSome(server_.get(), got).status()));
}

TEST_F(UnixSocket, WritingToAClosedEndIsAnErrorNotASignal) {
  ConnectPair();
  server_.Close();
  const std::array<uint8_t, 2> bytes = {1, 2};
  EXPECT_TRUE(absl::IsUnavailable(WriteAll(client_.get(), bytes, Soon())));
}

}  // namespace
}  // namespace pinhole
