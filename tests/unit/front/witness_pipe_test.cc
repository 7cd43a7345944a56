// The pipe's front end with heads that wait: what the vault says of them, and cosignatures between
// the frames of a batch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "server/front/pipe_connection.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::front {
namespace {

using pipe::ToFrontType;
using pipe::ToVaultType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::LedgerBuilder;

// Keeps what it is shown, and has the cosignatures that a test gives it.
class KeptHeads final : public WaitingHeads {
 public:
  absl::Status Show(const WaitingHead& head) override {
    shown.push_back(head);
    return verdict;
  }
  std::vector<std::string> Cosignatures() override { return lines; }
  int changes_fd() const override { return -1; }

  std::vector<WaitingHead> shown;
  std::vector<std::string> lines;
  absl::Status verdict;
};

std::vector<Digest> Hashes(size_t count) {
  std::vector<Digest> hashes;
  for (size_t i = 0; i < count; ++i) hashes.push_back(Sha256(absl::StrFormat("%d", i)));
  return hashes;
}

std::string Joined(const std::vector<std::string>& frames) {
  std::string all;
  for (const std::string& frame : frames) all += frame;
  return all;
}

class WitnessPipeTest : public ::testing::Test {
 protected:
  WitnessPipeTest()
      : folder_(TempDir::Make().value()),
        store_(Store::Create(folder_.path() + "/front.db").value()),
        mirror_(NoteVerifier::FromVkey(ledger_.Vkey()).value()),
        desk_(Desk::Open(folder_.path(), store_, mirror_).value()),
        connection_(std::in_place, *desk_, mirror_, heads_, limit_) {
    ledger_.Start();
    ledger_.Dataset();
    ledger_.OpenContest(testing::DemoPolicy());
    ledger_.Join("team");
    ledger_.EndRound();
    EXPECT_TRUE(desk_->TakeHandOver(0, ledger_.entries(), ledger_.Checkpoint()).ok());
  }

  static std::string Open() {
    return pipe::EncodeToFront({ToFrontType::kOpen, pipe::EncodeRound(2)});
  }
  // What is handed over while nothing may leave: no entry, the released head.
  std::string NothingNew() const {
    return Joined(pipe::CheckpointFrames(ledger_.Checkpoint())) +
           pipe::EncodeToFront({ToFrontType::kDone, pipe::EncodeRound(2)});
  }
  static std::string Pending(int64_t first, size_t count, std::string_view note) {
    return Joined(pipe::PendingFrames(first, Hashes(count), note));
  }

  // Sends up to `most` bytes, as a socket takes them, and returns what the whole frames were.
  std::vector<std::string> Send(size_t most = SIZE_MAX) {
    while (most > 0) {
      const auto bytes = connection_->ToSend();
      EXPECT_TRUE(bytes.ok()) << bytes.status();
      if (!bytes.ok() || bytes->empty()) break;
      const std::string some(bytes->substr(0, std::min<size_t>(most, 1000)));
      sent_ += some;
      most -= some.size();
      connection_->Sent(some.size());
    }
    std::vector<std::string> frames;
    for (; sent_.size() >= pipe::kToVaultBytes; sent_.erase(0, pipe::kToVaultBytes)) {
      const auto frame = pipe::DecodeToVault(sent_.substr(0, pipe::kToVaultBytes));
      EXPECT_TRUE(frame.ok()) << frame.status();
      constexpr const char* kNames[] = {"hello", "request", "program", "end"};
      frames.push_back(frame->type == ToVaultType::kCosignature
                           ? frame->payload
                           : kNames[static_cast<size_t>(frame->type) - 1]);
    }
    return frames;
  }

  // A submission of so many bytes waits for the next batch.
  void Submit(size_t bytes) {
    const std::string program(bytes, 'p');
    const TeamIdentity team{.contest = "demo", .key = ledger_.TeamKey("team").public_key()};
    auto upload = desk_->programs().Begin(
        {.team = team, .sha256 = Sha256(program), .size_bytes = static_cast<int64_t>(bytes)});
    ASSERT_TRUE(upload.ok()) << upload.status();
    ASSERT_TRUE(upload->Write(program).ok());
    ASSERT_TRUE(desk_->FinishUpload(team, *upload).ok());
    const auto taken = desk_->Submit(team, pipe::Encode(ledger_.Request("team", program)), "");
    ASSERT_TRUE(taken.ok()) << taken.status();
  }

  TempDir folder_;
  LedgerBuilder ledger_;
  Store store_;
  Mirror mirror_;
  std::unique_ptr<Desk> desk_;
  KeptHeads heads_;
  BatchLimit limit_;
  std::optional<PipeConnection> connection_;
  std::string sent_;  // of a frame that is not whole yet
};

TEST_F(WitnessPipeTest, HashesAndHeadsComeWholeInAnyPieces) {
  const size_t many = pipe::kHashesOfFrame + 9;
  for (const size_t piece : {size_t{1}, size_t{1025}, size_t{1'000'000}}) {
    SCOPED_TRACE(piece);
    heads_.shown.clear();
    ASSERT_TRUE(connection_->Receive(Open()).ok());
    Send();
    const std::string said = Pending(5, many, "a head") + Pending(7, 1, "another");
    for (size_t at = 0; at < said.size(); at += piece) {
      ASSERT_TRUE(connection_->Receive(std::string_view(said).substr(at, piece)).ok());
    }
    ASSERT_EQ(heads_.shown.size(), 2u);
    EXPECT_EQ(heads_.shown[0].first, 5);
    EXPECT_EQ(heads_.shown[0].hashes, Hashes(many));
    EXPECT_EQ(heads_.shown[0].note, "a head");
    EXPECT_EQ(heads_.shown[1].first, 7);
    EXPECT_EQ(heads_.shown[1].hashes, Hashes(1));
    ASSERT_TRUE(connection_->Receive(NothingNew()).ok());
  }
}

TEST_F(WitnessPipeTest, FramesOutOfTheirTurnEndTheConnection) {
  const std::string pending = Pending(5, 1, "").substr(0, pipe::kToFrontBytes);
  const std::string later = Pending(7, 1, "").substr(0, pipe::kToFrontBytes);
  const std::string head = pipe::EncodeToFront({ToFrontType::kHead, "a head"});
  const std::string entry = Joined(pipe::EntryFrames(mirror_.size(), "an entry\n"));
  struct Case {
    const char* name;
    std::string frames;
  };
  const Case cases[] = {
      {"before the opening", pending},
      {"a head without hashes", Open() + head},
      {"a gap in the hashes", Open() + pending + later},
      {"an entry where the head was to be", Open() + pending + entry},
      {"a checkpoint where the head was to be", Open() + pending + NothingNew()},
      {"hashes after an entry", Open() + entry + pending},
      {"a head after an entry", Open() + pending + head + entry + head},
      {"half a hash", Open() + pipe::EncodeToFront({ToFrontType::kPending, std::string(24, 'x')})},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    connection_.emplace(*desk_, mirror_, heads_, limit_);
    EXPECT_EQ(connection_->Receive(test.frames).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(WitnessPipeTest, AnUnbelievableHeadEndsTheConnection) {
  heads_.verdict = absl::DataLossError("no");
  EXPECT_EQ(connection_->Receive(Open() + Pending(5, 1, "a head")).code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(WitnessPipeTest, CosignaturesComeBeforeTheBatchAndAfterItOnceAnExchange) {
  heads_.lines = {"a", "b"};
  connection_->TakeCosignatures();
  EXPECT_THAT(Send(), IsEmpty()) << "no exchange is open";
  ASSERT_TRUE(connection_->Receive(Open()).ok());
  EXPECT_THAT(Send(), ElementsAre("a", "b", "hello", "end"));
  connection_->TakeCosignatures();
  EXPECT_THAT(Send(), IsEmpty()) << "each once";
  heads_.lines = {"a", "c", "b"};
  connection_->TakeCosignatures();
  EXPECT_THAT(Send(), ElementsAre("c"));
  heads_.lines = {"d"};
  ASSERT_TRUE(connection_->Receive(Pending(5, 1, "a head")).ok());
  EXPECT_THAT(Send(), ElementsAre("d")) << "that the head had when it was shown";
  ASSERT_TRUE(connection_->Receive(NothingNew()).ok());
  connection_->TakeCosignatures();
  EXPECT_THAT(Send(), IsEmpty());
  ASSERT_TRUE(connection_->Receive(Open()).ok());
  EXPECT_THAT(Send(), ElementsAre("d", "hello", "end")) << "again in the next exchange";
}

TEST_F(WitnessPipeTest, NoCosignatureStandsWithinAProgram) {
  constexpr size_t kFrames = 40;  // more than are made ahead
  Submit(kFrames * pipe::kToVaultPayload);
  ASSERT_TRUE(connection_->Receive(Open()).ok());
  EXPECT_THAT(Send(3 * pipe::kToVaultBytes + 100), ElementsAre("hello", "request", "program"));
  heads_.lines = {"a"};
  connection_->TakeCosignatures();
  std::vector<std::string> wanted(kFrames - 1, "program");
  wanted.insert(wanted.end(), {"a", "end"});
  EXPECT_EQ(Send(), wanted);
}

TEST_F(WitnessPipeTest, ACosignatureThatIsUnderWayCutsNoBatchOff) {
  ASSERT_TRUE(connection_->Receive(Open()).ok());
  EXPECT_THAT(Send(), ElementsAre("hello", "end"));
  heads_.lines = {"a"};
  connection_->TakeCosignatures();
  EXPECT_THAT(Send(100), IsEmpty());
  ASSERT_TRUE(connection_->Receive(NothingNew()).ok());
  // The vault finds its rest at the beginning of the next batch.
  ASSERT_TRUE(connection_->Receive(Open()).ok());
  EXPECT_THAT(Send(), ElementsAre("a", "a", "hello", "end"));
}

TEST_F(WitnessPipeTest, NoMoreThanSixtyFourLinesAreSentInAnExchange) {
  for (int i = 0; i < 100; ++i) heads_.lines.push_back(absl::StrFormat("line %d", i));
  ASSERT_TRUE(connection_->Receive(Open()).ok());
  connection_->TakeCosignatures();
  EXPECT_EQ(Send().size(), 64u + 2u);
}

}  // namespace
}  // namespace pinhole::front
