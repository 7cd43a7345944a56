// The pipe's front end without a socket: frames in any pieces, out of turn, and batches as they are
// made; and the reasons of refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "pinhole/v1/types.pb.h"
#include "server/front/batch.h"
#include "server/front/hand_over.h"
#include "server/front/pipe_connection.h"
#include "server/front/reason.h"
#include "server/front/waiting_heads.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::front {
namespace {

using pipe::ToFrontFrame;
using pipe::ToFrontType;
using testing::LedgerBuilder;

TEST(Reason, NamesAreTheContracts) {
  const auto* const names = v1::ErrorReason_descriptor();
  EXPECT_EQ(names->value_count(), kLastReason + 1);
  for (int number = 1; number <= kLastReason; ++number) {
    const auto* const value = names->FindValueByNumber(number);
    ASSERT_NE(value, nullptr) << number;
    EXPECT_EQ(value->name(), absl::StrFormat("ERROR_REASON_%s", Name(static_cast<Reason>(number))));
  }
}

TEST(BatchLimit, HalvesUntilTheVaultTakesABatchWhole) {
  BatchLimit limit;
  EXPECT_EQ(limit.get(), BatchLimit::kMost);
  limit.CutOff(5);
  EXPECT_EQ(limit.get(), 2u);
  limit.CutOff(2);
  limit.CutOff(1);
  EXPECT_EQ(limit.get(), 0u) << "the ledger alone";
  limit.Whole();
  EXPECT_EQ(limit.get(), 1u);
  for (int i = 0; i < 20; ++i) limit.Whole();
  EXPECT_EQ(limit.get(), BatchLimit::kMost);
}

// A desk over an empty folder, and the ledger of a vault.
class PipeTest : public ::testing::Test {
 protected:
  PipeTest()
      : folder_(TempDir::Make().value()),
        store_(Store::Create(folder_.path() + "/front.db").value()),
        mirror_(NoteVerifier::FromVkey(ledger_.Vkey()).value()),
        desk_(Desk::Open(folder_.path(), store_, mirror_).value()) {
    ledger_.Start();
    ledger_.Dataset();
    ledger_.OpenContest(testing::DemoPolicy());
    ledger_.EndRound();
  }
  std::string Frames(int64_t round) const {
    std::string all;
    for (const std::string& frame :
         pipe::HandOver(round, mirror_.size(),
                        {ledger_.entries().begin() + mirror_.size(), ledger_.entries().end()},
                        ledger_.Checkpoint())) {
      all += frame;
    }
    return all;
  }

  TempDir folder_;
  LedgerBuilder ledger_;
  Store store_;
  Mirror mirror_;
  std::unique_ptr<Desk> desk_;
  const FrontLog log_{EventLog(-1, EventLog::Style::kPlain)};
  NoWitnesses heads_{log_};
  BatchLimit limit_;
};

// Takes everything there is to send, as a socket without limits would.
std::string SendAll(PipeConnection& connection) {
  std::string all;
  while (true) {
    const auto bytes = connection.ToSend();
    if (!bytes.ok() || bytes->empty()) return all;
    const std::string some(bytes->substr(0, 1000));
    all += some;
    connection.Sent(some.size());
  }
}

TEST_F(PipeTest, TakesAnExchangeInPiecesOfAnySize) {
  for (const size_t piece : {size_t{1}, size_t{1023}, size_t{1025}, size_t{100'000}}) {
    SCOPED_TRACE(piece);
    PipeConnection connection(*desk_, mirror_, heads_, limit_);
    const std::string frames = Frames(ledger_.contest().last_round);
    EXPECT_EQ(SendAll(connection), "") << "nothing is sent before the vault opens";
    for (size_t at = 0; at < frames.size(); at += piece) {
      const absl::Status taken = connection.Receive(std::string_view(frames).substr(at, piece));
      // With all at once the hand-over ends before the batch was sent: taken, but to reconnect.
      if (piece != 100'000) {
        ASSERT_TRUE(taken.ok()) << taken;
        SendAll(connection);
      } else {
        EXPECT_EQ(taken.code(), absl::StatusCode::kUnavailable);
      }
    }
    EXPECT_EQ(mirror_.size(), ledger_.state().size());
    ledger_.EndRound();
  }
}

TEST_F(PipeTest, AnEmptyBatchIsHelloAndEnd) {
  PipeConnection connection(*desk_, mirror_, heads_, limit_);
  ASSERT_TRUE(connection.Receive(Frames(1).substr(0, pipe::kToFrontBytes)).ok());
  const std::string sent = SendAll(connection);
  ASSERT_EQ(sent.size(), 2 * pipe::kToVaultBytes);
  const auto hello = pipe::DecodeToVault(sent.substr(0, pipe::kToVaultBytes));
  ASSERT_TRUE(hello.ok());
  EXPECT_EQ(hello->type, pipe::ToVaultType::kHello);
  EXPECT_EQ(pipe::DecodeHello(hello->payload).value(), 0);
  EXPECT_EQ(pipe::DecodeToVault(sent.substr(pipe::kToVaultBytes))->type, pipe::ToVaultType::kEnd);
}

TEST_F(PipeTest, FramesOutOfTheirTurnEndTheConnection) {
  const std::string frames = Frames(1);
  const std::string open = frames.substr(0, pipe::kToFrontBytes);
  const std::string entry = frames.substr(pipe::kToFrontBytes, pipe::kToFrontBytes);
  const std::string done = frames.substr(frames.size() - pipe::kToFrontBytes);
  struct Case {
    const char* name;
    std::string frames;
  };
  const Case cases[] = {
      {"an entry before the opening", entry},
      {"opened twice", open + open},
      {"the end without a head", open + done},
      {"a piece twice", open + entry + entry},
      {"no frame", std::string(pipe::kToFrontBytes, 'x')},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    PipeConnection connection(*desk_, mirror_, heads_, limit_);
    EXPECT_EQ(connection.Receive(test.frames).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(mirror_.size(), 0);
  }
}

TEST_F(PipeTest, ARolledBackVaultIsNotBelieved) {
  const std::vector<std::string> old_entries = ledger_.entries();
  const std::string old_head = ledger_.Checkpoint();
  ledger_.EndRound();
  ASSERT_TRUE(desk_->TakeHandOver(0, ledger_.entries(), ledger_.Checkpoint()).ok());
  EXPECT_EQ(desk_->TakeHandOver(mirror_.size(), {}, old_head).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(mirror_.size(), static_cast<int64_t>(old_entries.size()) + 1);
}

TEST_F(PipeTest, AProgramThatIsGoneHoldsUpNobodyElse) {
  const std::vector<OutgoingRequest> requests = {
      {.id = 1, .text = "first", .program = StoredProgram{.size_bytes = 5, .path = "programs/x"}},
      {.id = 2, .text = "second"},
  };
  BatchFrames batch(7, requests, desk_->programs());
  std::vector<std::string> payloads;
  while (true) {
    const auto frame = batch.Next();
    ASSERT_TRUE(frame.ok());
    if (!frame->has_value()) break;
    payloads.push_back(pipe::DecodeToVault(**frame)->payload);
  }
  EXPECT_THAT(payloads, ::testing::ElementsAre(pipe::EncodeHello(7), "second", ""));
  ASSERT_EQ(batch.skipped().size(), 1u);
  EXPECT_EQ(batch.skipped()[0], 1);
}

TEST_F(PipeTest, AReleasedResultKeepsItsTimeWhenLaterRoundsMove) {
  ledger_.Join("team");
  const int64_t admit = ledger_.Admit("team", 20);
  ledger_.EndRound();
  ledger_.Release();
  ledger_.EndRound();
  ASSERT_TRUE(desk_->TakeHandOver(0, ledger_.entries(), ledger_.Checkpoint()).ok());
  const auto result_ms = [&] {
    return mirror_.Read([&](const MirrorView& view) {
      const replay::Contest& contest = *view.state.Find("demo");
      return Describe(view, contest, contest.admissions.at(admit)).result_ms;
    });
  };
  EXPECT_EQ(result_ms(), 1'000'000'000 + 2 * 15'000 + 12'000);
  const int64_t size = mirror_.size();
  ledger_.Shift(4);
  ledger_.EndRound();
  ASSERT_TRUE(desk_
                  ->TakeHandOver(size, {ledger_.entries().begin() + size, ledger_.entries().end()},
                                 ledger_.Checkpoint())
                  .ok());
  EXPECT_EQ(result_ms(), 1'000'000'000 + 2 * 15'000 + 12'000) << "it was released before";
  mirror_.Read([&](const MirrorView& view) {
    const replay::Contest& contest = *view.state.Find("demo");
    EXPECT_EQ(view.ExchangeMs(contest, contest.NextRound()),
              1'000'000'000 + (4 + 4) * 15'000 + 12'000)
        << "round 5, moved by 4";
  });
}

}  // namespace
}  // namespace pinhole::front
