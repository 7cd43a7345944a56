// The front on a disk that is full at the n-th write, for every n: refused with the reason, nothing
// half stored, nothing acknowledged lost, and with room again all goes on.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "absl/strings/str_format.h"
#include "server/system/files.h"
#include "tests/support/failing_disk.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using testing::FakeVault;
using testing::Fullness;

const std::string kProgram(300'000, 'p');

std::vector<std::string> FilesBelow(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.is_regular_file()) names.push_back(file.path().filename());
  }
  return names;
}

// A team from its join to the entry of its submission, as far as the disk lets it.
class Story : public FrontTest {
 public:
  explicit Story(const Limits& limits = {}) : FrontTest(limits) {}
  void TestBody() override {}
  const std::string& folder() const { return front_folder_; }

  // Each step that was not acknowledged yet; ends at the first that is refused.
  bool Live() {
    if (!TellLedger()) return false;
    v1::JoinResponse join;
    if (token_.empty()) {
      if (!Acknowledged(Join(0, &join))) return false;
      token_ = join.token();
      ++waiting_;
    }
    if (!uploaded_) {
      uploaded_ = Acknowledged(Upload(token_, kProgram));
      if (!uploaded_) return false;
    }
    v1::Submission submission;
    if (!submitted_) {
      submitted_ = Acknowledged(Submit(token_, SubmitText(0, kProgram, "1"), &submission));
      if (!submitted_) return false;
      ++waiting_;
    }
    return TellLedger();
  }

  // Holds at any moment while the front runs.
  void Check() {
    EXPECT_TRUE(FilesBelow(front_folder_ + "/incoming").empty());
    EXPECT_EQ(FilesBelow(front_folder_ + "/programs").size(), uploaded_ ? 1u : 0u);
    const auto context = NewContext();
    v1::ListEntriesResponse entries;
    const Outcome read = OutcomeOf(audit_->ListEntries(context.get(), {}, &entries), *context);
    EXPECT_TRUE(read.ok() || read.reason == "NO_LEDGER") << "reading goes on: " << read.text;
    if (submitted_) {
      v1::Submission submission;
      EXPECT_TRUE(Get(token_, SubmitText(0, kProgram, "1"), &submission).ok());
    }
  }

  void CheckEnd() {
    Check();
    v1::Submission submission;
    ASSERT_TRUE(Get(token_, SubmitText(0, kProgram, "1"), &submission).ok());
    EXPECT_NE(submission.admit_index(), -1);
    EXPECT_EQ(vault_.ledger().contest().teams.size(), 1u);
    EXPECT_EQ(vault_.ledger().contest().admissions.size(), 1u);
  }

  void Restart() {
    StopFront();
    StartFront();
    restarted_ = true;
  }

  // Ends the front and starts it again, as far as the disk lets it.
  absl::Status TryRestart() {
    StopFront();
    const auto files = ReadFolder(front_folder_);
    if (!files.ok()) return files.status();
    auto server =
        Server::Start(front_folder_, *files, clock_, EventLog(log_.get(), EventLog::Style::kPlain));
    return server.status();  // and stops it
  }

  using FrontTest::Join;
  using FrontTest::Log;
  using FrontTest::StartFront;
  using FrontTest::StopFront;
  using FrontTest::Upload;
  const std::string& token() const { return token_; }

 private:
  // A whole exchange, and another that asks what the front made of it. False when it was not
  // stored.
  bool TellLedger() {
    const int64_t size = Mirrored();
    auto batch = Batch();
    if (!batch.ok()) return false;
    EXPECT_EQ(batch->mirror_size, size) << "what was not stored is asked for again";
    if (restarted_) {
      // A write whose sync failed was refused, and may be found whole after a crash.
      EXPECT_GE(batch->requests.size(), waiting_);
    } else {
      EXPECT_EQ(batch->requests.size(), waiting_) << "nothing that was refused goes to the vault";
    }
    for (const FakeVault::Received& received : batch->requests) {
      if (std::holds_alternative<pipe::SubmitRequest>(received.request)) {
        EXPECT_EQ(received.program, kProgram);
      }
    }
    vault_.Admit(*batch);
    vault_.EndRound(std::nullopt);
    EXPECT_TRUE(vault_.HandOver(batch->mirror_size).ok());
    const auto after = vault_.Open().ok() ? vault_.ReadBatch() : absl::UnavailableError("gone");
    if (!after.ok()) {
      vault_.Disconnect();
      return false;
    }
    EXPECT_EQ(after->mirror_size, vault_.ledger().state().size());
    mirrored_ = after->mirror_size;
    waiting_ = 0;
    EXPECT_TRUE(vault_.HandOver(after->mirror_size).ok());
    return true;
  }

  // Opens an exchange, on a new connection when the last one ended.
  absl::StatusOr<FakeVault::Batch> Batch() {
    absl::StatusOr<FakeVault::Batch> batch = absl::UnavailableError("not tried");
    for (int i = 0; i < 3 && !batch.ok(); ++i) {
      if (const absl::Status open = vault_.Open(); !open.ok()) {
        batch = open;
      } else {
        batch = vault_.ReadBatch();
      }
      if (!batch.ok()) vault_.Disconnect();
    }
    EXPECT_TRUE(batch.ok()) << batch.status();
    return batch;
  }
  int64_t Mirrored() const { return mirrored_; }

  static bool Acknowledged(const Outcome& outcome) {
    if (outcome.ok()) return true;
    EXPECT_EQ(outcome.code, grpc::StatusCode::RESOURCE_EXHAUSTED) << outcome.text;
    EXPECT_EQ(outcome.reason, "STORAGE_FULL");
    EXPECT_EQ(outcome.retry_after, "60");
    return false;
  }

  std::string token_;
  bool uploaded_ = false;
  bool submitted_ = false;
  bool restarted_ = false;
  size_t waiting_ = 0;  // acknowledged, and in no stored exchange yet
  int64_t mirrored_ = 0;
};

enum class Then { kGoesOn, kRestarts };
struct Way {
  const char* name;
  Fullness fullness;
  Then then;
};
class FrontDiskFull : public ::testing::TestWithParam<Way> {};

TEST_P(FrontDiskFull, AtEveryWriteLosesNothing) {
  int points = 0;
  std::set<std::string> kinds;
  for (int n = 1;; ++n) {
    Story story;
    testing::FillDisk(story.folder(), n, GetParam().fullness);
    const bool whole = story.Live();
    const std::string write = testing::FailedWrite();
    SCOPED_TRACE(absl::StrFormat("write point %d: %s", n, write));
    story.Check();
    const int passed = testing::RepairDisk();
    if (GetParam().then == Then::kRestarts) story.Restart();
    story.Check();
    EXPECT_TRUE(story.Live()) << "there is room again";
    story.CheckEnd();
    story.Restart();
    story.CheckEnd();
    if (write.empty()) {
      EXPECT_TRUE(whole);
      points = passed;
      break;
    }
    kinds.insert(write.substr(0, write.find(' ')));
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%d write points of the front, of the kinds", points);
  for (const std::string& kind : kinds) std::printf(" %s", kind.c_str());
  std::printf("\n");
  EXPECT_GT(points, 20);
  for (const char* kind : {"create", "write", "pwrite", "fdatasync", "fsync", "mkdir", "rename"}) {
    EXPECT_TRUE(kinds.contains(kind)) << kind;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ways, FrontDiskFull,
    ::testing::Values(Way{"OnceAndGoesOn", Fullness::kOnce, Then::kGoesOn},
                      Way{"OnceAndRestarts", Fullness::kOnce, Then::kRestarts},
                      Way{"ForGoodAndGoesOn", Fullness::kForGood, Then::kGoesOn},
                      Way{"ForGoodAndRestarts", Fullness::kForGood, Then::kRestarts}),
    [](const auto& way) { return way.param.name; });

// SQLite has no word of its own for a file beside the database that it cannot make.
bool IsFullDisk(const absl::Status& status, std::string_view write) {
  const bool beside = write.starts_with("create front.db-");
  return absl::IsResourceExhausted(status) ||
         (beside && (absl::IsUnavailable(status) || absl::IsNotFound(status)));
}

TEST(FrontStartOnAFullDisk, FailsOrServesAndTheNextGoesOn) {
  int points = 0;
  Story story;
  ASSERT_TRUE(story.Live());
  for (int n = 1; points == 0; ++n) {
    testing::FillDisk(story.folder(), n, Fullness::kForGood);
    const absl::Status started = story.TryRestart();
    const std::string write = testing::FailedWrite();
    SCOPED_TRACE(absl::StrFormat("write point %d: %s", n, write));
    const int passed = testing::RepairDisk();
    EXPECT_TRUE(started.ok() || IsFullDisk(started, write)) << started;
    story.StartFront();
    story.CheckEnd();
    if (write.empty()) points = passed;
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%d write points of a stop and a start\n", points);
  EXPECT_GT(points, 2);
}

TEST(FrontFolderOnAFullDisk, IsThereWholeOrNotAtAll) {
  const TempDir folder = *TempDir::Make();
  const std::string front = folder.path() + "/front";
  const Config config{.listen = "127.0.0.1:0",
                      .vault_socket = folder.path() + "/socket",
                      .log_vkey = testing::LedgerBuilder().Vkey()};
  int n = 1;
  for (; n < 1000; ++n) {
    testing::FillDisk(folder.path(), n, Fullness::kOnce);
    const auto pin = InitFolder(front, config);
    const std::string write = testing::FailedWrite();
    testing::RepairDisk();
    SCOPED_TRACE(absl::StrFormat("write point %d: %s", n, write));
    if (pin.ok()) {
      EXPECT_TRUE(ReadFolder(front).ok());
      if (write.empty()) break;
      ASSERT_TRUE(RemoveTree(front).ok());
      continue;
    }
    EXPECT_TRUE(IsFullDisk(pin.status(), write)) << pin.status();
    ASSERT_FALSE(std::filesystem::exists(front));
  }
  std::printf("%d write points of pinholed init\n", n - 1);
  EXPECT_GT(n, 20);
}

TEST(FrontDiskReserve, RefusesUploadsBeforeTheDiskIsFullAndTakesRequests) {
  Limits limits;
  limits.disk_reserve_bytes = int64_t{1024} << 30;
  Story story(limits);
  ASSERT_FALSE(story.Live()) << "the join is taken, the upload is not";
  EXPECT_NE(story.token(), "");
  const Outcome refused = story.Upload(story.token(), kProgram);
  EXPECT_EQ(refused.reason, "STORAGE_FULL") << refused.text;
  story.StopFront();
  EXPECT_NE(story.Log().find("event=disk-full use=program\n"), std::string::npos) << story.Log();
  EXPECT_NE(story.Log().find("event=calls-refused reason=storage-full calls=2\n"),
            std::string::npos)
      << story.Log();
}

}  // namespace
}  // namespace pinhole::front
