// The vault's end of the socket against a front that floods, stops reading or lies about its
// mirror.
#include "server/vault/pipe_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>

#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/pipe/frames.h"
#include "server/storage/migration.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "server/system/unix_socket.h"
#include "server/vault/migrations.h"
#include "tests/support/ledger_builder.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PINHOLE_MEMORY_IS_MEASURABLE 0
#else
#define PINHOLE_MEMORY_IS_MEASURABLE 1
#endif

namespace pinhole::vault {
namespace {

using pipe::ToFrontType;
using pipe::ToVaultType;

std::string Frame(ToVaultType type, std::string payload) {
  return pipe::EncodeToVault({type, std::move(payload)});
}

class PipeServerTest : public ::testing::Test {
 protected:
  PipeServerTest()
      : folder_(*TempDir::Make()),
        socket_(folder_.path() + "/socket"),
        database_(*storage::Database::Open(folder_.path() + "/db", storage::Mode::kCreate)),
        ledger_(MakeLedger()),
        server_(*ListenUnix(socket_, {})),
        front_(*ConnectUnix(socket_)) {}

  Ledger MakeLedger() {
    EXPECT_TRUE(storage::ApplyMigrations(database_, Migrations()).ok());
    return *Ledger::Open(database_, *NoteSigner::Create("vault.example/test", testing::TestKey(3)));
  }
  // Appends entries in commits of so many, each of which signs a head.
  void Grow(int commits, int entries) {
    for (int commit = 0; commit < commits; ++commit) {
      storage::Transaction transaction = *storage::Transaction::Begin(database_);
      for (int i = 0; i < entries; ++i) {
        log::StartEntry entry{.build = Sha256("a build"), .previous_size = ledger_.size()};
        std::memcpy(entry.nonce.data(), &entry.previous_size, sizeof(entry.previous_size));
        ASSERT_TRUE(ledger_.Append(transaction, *log::Encode(entry)).ok());
      }
      ASSERT_TRUE(transaction.Commit(*ledger_.Seal(transaction)).ok());
    }
  }
  // Begins an exchange and takes the kOpen away.
  void Open() {
    server_.Open(0, Deadline::After(absl::Seconds(10)));
    ASSERT_TRUE(server_.connected());
    ASSERT_EQ(Read().type, ToFrontType::kOpen);
  }
  pipe::ToFrontFrame Read() {
    std::string frame(pipe::kToFrontBytes, '\0');
    EXPECT_TRUE(ReadExactly(front_.get(), {reinterpret_cast<uint8_t*>(frame.data()), frame.size()},
                            Deadline::After(absl::Seconds(10)))
                    .ok());
    return pipe::DecodeToFront(frame).value_or(pipe::ToFrontFrame{});
  }
  // What a hand-over from `mirror` brought: frames by type, and the head.
  struct HandedOver {
    std::map<ToFrontType, int> frames;
    std::string head;
  };
  HandedOver HandOver(int64_t mirror) {
    HandedOver result;
    std::jthread front([&] {
      pipe::ToFrontFrame frame;
      do {
        frame = Read();
        ++result.frames[frame.type];
        if (frame.type == ToFrontType::kCheckpoint) result.head = frame.payload;
      } while (frame.type != ToFrontType::kDone && !HasFailure());
    });
    server_.HandOver(0, ledger_, mirror, Deadline::After(absl::Seconds(10)));
    front.join();
    EXPECT_TRUE(server_.connected());
    return result;
  }
  int64_t SizeOf(const std::string& head) {
    const auto verifier = NoteSigner::Create("vault.example/test", testing::TestKey(3));
    const auto checkpoint = OpenCheckpoint(head, verifier->verifier());
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    return checkpoint.ok() ? static_cast<int64_t>(checkpoint->size) : -1;
  }

  TempDir folder_;
  std::string socket_;
  storage::Database database_;
  Ledger ledger_;
  PipeServer server_;
  UniqueFd front_;
};

// Reading waits only when nothing is there: a front that is always ahead must not hold the exchange
// by that.
TEST_F(PipeServerTest, LooksAtTheDeadlineThoughTheNextFrameIsThere) {
  testing::LedgerBuilder builder;
  builder.Start();
  Open();
  std::string batch = Frame(ToVaultType::kHello, pipe::EncodeHello(0));
  const SigningKey forger = testing::TestKey(66);
  const std::string request =
      Frame(ToVaultType::kRequest,
            pipe::Encode(pipe::SignJoin(
                forger, forger, pipe::SignInvitation(forger, "demo", "eve", forger.public_key()))));
  for (int i = 0; i < 10; ++i) batch += request;
  batch += Frame(ToVaultType::kEnd, "");
  ASSERT_TRUE(WriteAll(front_.get(), AsBytes(batch), Deadline::After(absl::Seconds(10))).ok());
  Intake intake(builder.state(), folder_.path());
  server_.TakeBatch(intake, Deadline::After(absl::ZeroDuration()));
  EXPECT_FALSE(intake.ended());
  EXPECT_FALSE(server_.connected());
}

TEST_F(PipeServerTest, HandsALongLedgerOverInStepsThatEndAtASignedHead) {
  Grow(10, 1000);
  struct Case {
    int64_t mirror;
    int64_t reaches;
  };
  for (const Case& c : {Case{0, 5000}, Case{1, 5000}, Case{5000, 10'000}, Case{9999, 10'000},
                        Case{10'000, 10'000}}) {
    SCOPED_TRACE(c.mirror);
    Open();
    HandedOver got = HandOver(c.mirror);
    EXPECT_EQ(SizeOf(got.head), c.reaches);
    EXPECT_EQ(got.frames[ToFrontType::kEntry], c.reaches - c.mirror);
    EXPECT_EQ(got.frames[ToFrontType::kCheckpoint], 1);
  }
}

#if PINHOLE_MEMORY_IS_MEASURABLE
int64_t PeakKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      int64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  }
  return 0;
}

// One commit of 12,000 entries is one step: 6 MB of ledger, 12 MB of frames.
TEST_F(PipeServerTest, HandsOverInLittleMemory) {
  Grow(1, 12'000);
  Open();
  HandOver(11'000);                             // what the first hand-over allocates once stays
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
  const int64_t before = PeakKilobytes();
  ASSERT_GT(before, 0);
  Open();
  EXPECT_EQ(HandOver(0).frames[ToFrontType::kEntry], 12'000);
  EXPECT_LT(PeakKilobytes() - before, 4 * 1024);
}
#endif

TEST_F(PipeServerTest, ShowsAMirrorThatIsLongerThanTheLedgerTheHeadAlone) {
  Grow(1, 3);
  for (const int64_t mirror : {int64_t{4}, int64_t{1000}, INT64_MAX}) {
    SCOPED_TRACE(mirror);
    Open();
    HandedOver got = HandOver(mirror);
    EXPECT_EQ(got.frames.size(), 2U);
    EXPECT_EQ(SizeOf(got.head), 3);
  }
}

TEST_F(PipeServerTest, LeavesAFrontThatDoesNotRead) {
  Grow(1, 3000);
  Open();
  server_.HandOver(0, ledger_, 0, Deadline::After(absl::Milliseconds(100)));
  EXPECT_FALSE(server_.connected());
}

// A tunnel that broke again and again in a long run window.
TEST_F(PipeServerTest, ServesAFrontThatComesBehindAQueueOfDeadConnections) {
  Grow(1, 3);
  std::vector<UniqueFd> dead;
  dead.push_back(std::move(front_));
  while (true) {
    absl::StatusOr<UniqueFd> next = ConnectUnix(socket_);
    if (!next.ok()) break;
    dead.push_back(*std::move(next));
  }
  dead.clear();
  ASSERT_FALSE(ConnectUnix(socket_).ok()) << "the queue has room: the test tests nothing";
  std::jthread retry([&] {
    while (!front_.valid()) {
      absl::StatusOr<UniqueFd> next = ConnectUnix(socket_);
      if (next.ok()) front_ = *std::move(next);
    }
  });
  server_.Open(0, Deadline::After(absl::Seconds(10)));
  retry.join();
  ASSERT_EQ(Read().type, ToFrontType::kOpen);
  EXPECT_EQ(SizeOf(HandOver(0).head), 3);
}

TEST_F(PipeServerTest, ServesTheLastOfManyConnections) {
  Grow(1, 3);
  std::vector<UniqueFd> earlier;
  earlier.push_back(std::move(front_));
  while (true) {
    absl::StatusOr<UniqueFd> next = ConnectUnix(socket_);
    if (!next.ok()) break;  // the queue is full
    earlier.push_back(*std::move(next));
  }
  front_ = std::move(earlier.back());
  earlier.pop_back();
  EXPECT_GT(earlier.size(), 3U);
  Open();
  EXPECT_EQ(SizeOf(HandOver(0).head), 3);
  for (const UniqueFd& fd : earlier) {
    std::array<uint8_t, 1> byte;
    EXPECT_TRUE(absl::IsOutOfRange(ReadExactly(fd.get(), byte, Deadline::After(absl::Seconds(10)))))
        << "an earlier connection is closed without a byte";
  }
}

// `contest open` and the like read the ledger while the serving vault commits.
TEST_F(PipeServerTest, ALedgerIsReadAtOneMoment) {
  Grow(1, 200);
  std::atomic<bool> done = false;
  std::jthread reader([&] {
    while (!done) {
      storage::Database own =
          *storage::Database::Open(folder_.path() + "/db", storage::Mode::kExisting);
      const auto ledger =
          Ledger::Open(own, *NoteSigner::Create("vault.example/test", testing::TestKey(3)));
      EXPECT_TRUE(ledger.ok()) << ledger.status();
    }
  });
  Grow(200, 1);
  done = true;
}

// A ledger whose newest POLICY asks two of three witnesses.
class WitnessedPipeTest : public PipeServerTest {
 protected:
  void SetUp() override {
    contest::Policy policy = testing::DemoPolicy();
    testing::AskWitnesses(policy, 3, 2);
    testing::LedgerBuilder builder;
    builder.Start();
    builder.Dataset();
    builder.OpenContest(policy);
    for (const std::string& bytes : builder.entries()) {
      const log::Entry entry = *log::ParseEntry(bytes);
      if (const auto* start = std::get_if<log::StartEntry>(&entry)) Commit(*start);
      if (const auto* dataset = std::get_if<log::DatasetEntry>(&entry)) Commit(*dataset);
      if (const auto* opened = std::get_if<log::PolicyEntry>(&entry)) Commit(*opened);
    }
    ASSERT_EQ(ledger_.size(), 3);
    ASSERT_EQ(ledger_.released_size(), 2);
  }
  template <typename T>
  void Commit(const T& entry) {
    storage::Transaction transaction = *storage::Transaction::Begin(database_);
    ASSERT_TRUE(ledger_.Append(transaction, *log::Encode(entry)).ok());
    ASSERT_TRUE(transaction.Commit(*ledger_.Seal(transaction)).ok());
  }
  std::string Line(int witness) {
    const NoteSigner signer = *NoteSigner::Create("vault.example/test", testing::TestKey(3));
    const Checkpoint head = *OpenCheckpoint(*ledger_.Head(), signer.verifier());
    return testing::TestWitness(witness).Cosign(FormatCheckpoint(head), 1'700'000'000);
  }
  void Send(ToVaultType type, const std::string& payload) {
    const std::string frame = Frame(type, payload);
    ASSERT_TRUE(WriteAll(front_.get(), AsBytes(frame), Deadline::After(absl::Seconds(10))).ok());
  }
};

TEST_F(WitnessedPipeTest, ShowsHashesAndHeadAndHandsOverWhatWasCosigned) {
  Open();
  server_.AskWitnesses(ledger_, Deadline::After(absl::Seconds(10)));
  const pipe::ToFrontFrame pending = Read();
  ASSERT_EQ(pending.type, ToFrontType::kPending);
  const auto hashes = pipe::DecodePendingHashes(pending.payload);
  ASSERT_TRUE(hashes.ok()) << hashes.status();
  EXPECT_EQ(hashes->first, 2);
  ASSERT_EQ(hashes->hashes.size(), 1u);
  const std::vector<std::string> waiting = *ledger_.Entries(2, 1);
  EXPECT_EQ(hashes->hashes[0], LeafHash(waiting[0]));
  const pipe::ToFrontFrame head = Read();
  EXPECT_EQ(head.type, ToFrontType::kHead);
  EXPECT_EQ(head.payload, *ledger_.Head());
  EXPECT_EQ(SizeOf(HandOver(0).head), 2);

  for (const int witness : {2, 3}) {
    Send(ToVaultType::kCosignature, Line(witness));
    const auto line = server_.NextCosignature(Deadline::After(absl::Seconds(10)));
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(*line, Line(witness));
    ASSERT_TRUE(ledger_.TakeCosignature(*line).ok());
  }
  const HandedOver after = HandOver(2);
  EXPECT_EQ(SizeOf(after.head), 3);
  EXPECT_EQ(after.head, *ledger_.Head() + Line(2) + Line(3));
}

TEST_F(WitnessedPipeTest, SilenceKeepsTheConnectionAndAnythingElseEndsIt) {
  Open();
  EXPECT_FALSE(server_.NextCosignature(Deadline::After(absl::Milliseconds(20))).has_value());
  EXPECT_TRUE(server_.connected());
  Send(ToVaultType::kHello, pipe::EncodeHello(0));
  EXPECT_FALSE(server_.NextCosignature(Deadline::After(absl::Seconds(10))).has_value());
  EXPECT_FALSE(server_.connected());
}

// What came too late for one exchange is found at the beginning of the next.
TEST_F(WitnessedPipeTest, LinesMayStandAnywhereInABatch) {
  testing::LedgerBuilder builder;
  builder.Start();
  Open();
  Send(ToVaultType::kCosignature, "one");
  Send(ToVaultType::kHello, pipe::EncodeHello(0));
  Send(ToVaultType::kCosignature, "two");
  Send(ToVaultType::kEnd, "");
  Intake intake(builder.state(), folder_.path());
  server_.TakeBatch(intake, Deadline::After(absl::Seconds(10)));
  EXPECT_TRUE(intake.ended());
  EXPECT_EQ(intake.cosignatures(), (std::vector<std::string>{"one", "two"}));
}

TEST_F(WitnessedPipeTest, AFloodOfLinesEndsTheConnection) {
  testing::LedgerBuilder builder;
  builder.Start();
  Open();
  const std::string frame = Frame(ToVaultType::kCosignature, "line");
  const std::jthread front([&] {
    const Deadline deadline = Deadline::After(absl::Seconds(10));
    while (WriteAll(front_.get(), AsBytes(frame), deadline).ok()) {
    }
  });
  Intake intake(builder.state(), folder_.path());
  server_.TakeBatch(intake, Deadline::After(absl::Seconds(10)));
  EXPECT_FALSE(server_.connected());
  EXPECT_EQ(intake.cosignatures().size(), kMostCosignatures);
}

}  // namespace
}  // namespace pinhole::vault
