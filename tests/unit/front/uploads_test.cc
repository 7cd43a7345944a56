// Uploads: the same program again, twice at once, too much, too slow; and what a front without its
// tables does with a program that the vault knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "absl/strings/str_format.h"
#include "server/front/desk.h"
#include "server/system/files.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using v1::Submission;

// An upload by hand.
class OpenUpload {
 public:
  OpenUpload(v1::ContestantService::Stub& stub, std::string_view token) {
    context_ = NewContext(token);
    writer_ = stub.UploadProgram(context_.get(), &response_);
  }
  bool Header(const Digest& sha256, int64_t size) {
    v1::UploadProgramRequest part;
    part.mutable_header()->set_contest("demo");
    part.mutable_header()->set_sha256(std::string(AsText(sha256)));
    part.mutable_header()->set_size_bytes(size);
    return writer_->Write(part);
  }
  bool Chunk(std::string_view bytes) {
    v1::UploadProgramRequest part;
    part.set_chunk(std::string(bytes));
    return writer_->Write(part);
  }
  // Waits for the answer without saying that nothing more comes.
  Outcome Finish() { return OutcomeOf(writer_->Finish(), *context_); }
  Outcome End() {
    writer_->WritesDone();
    return Finish();
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  v1::UploadProgramResponse response_;
  std::unique_ptr<grpc::ClientWriter<v1::UploadProgramRequest>> writer_;
};

class UploadsTest : public FrontTest {
 protected:
  explicit UploadsTest(const Limits& limits = {}) : FrontTest(limits) {}
  // Files below programs/ and incoming/.
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const char* folder : {"/programs", "/incoming"}) {
      for (const auto& file :
           std::filesystem::recursive_directory_iterator(front_folder_ + folder)) {
        if (file.is_regular_file()) names.push_back(file.path().filename());
      }
    }
    return names;
  }
  std::string Joined(int team) {
    if (vault_.ledger().contest().last_round == 0) Exchange();
    return MustJoin(team);
  }
};

TEST_F(UploadsTest, TheSameProgramAgainTakesNoBytes) {
  const std::string token = Joined(0);
  const std::string program(10'000, 'p');
  ASSERT_TRUE(Upload(token, program).ok());
  OpenUpload again(*contestant_, token);
  ASSERT_TRUE(again.Header(Sha256(program), 10'000));
  EXPECT_TRUE(again.Finish().ok()) << "answered after the header";
  EXPECT_EQ(Files().size(), 1u);
  // Another size under the hash is another program, and a lie.
  const Outcome other_size = Upload(token, program, Sha256(program), 9'999);
  EXPECT_EQ(other_size.reason, "BAD_PROGRAM");
}

TEST_F(UploadsTest, AnotherTeamsHashTellsNothing) {
  const std::string program(10'000, 'p');
  ASSERT_TRUE(Upload(Joined(0), program).ok());
  const std::string other = Joined(1);
  OpenUpload guess(*contestant_, other);
  ASSERT_TRUE(guess.Header(Sha256(program), 10'000));
  EXPECT_EQ(guess.End().reason, "BAD_PROGRAM") << "the bytes are wanted as of any program";
  ASSERT_TRUE(Upload(other, program).ok());
  EXPECT_EQ(Files().size(), 2u) << "each team has its own";
}

TEST_F(UploadsTest, TwoAtOnceOfOneProgramBothEndWell) {
  const std::string token = Joined(0);
  const std::string program(100'000, 'p');
  OpenUpload first(*contestant_, token);
  OpenUpload second(*contestant_, token);
  for (OpenUpload* upload : {&first, &second}) {
    ASSERT_TRUE(upload->Header(Sha256(program), 100'000));
    ASSERT_TRUE(upload->Chunk(program));
  }
  EXPECT_TRUE(first.End().ok());
  EXPECT_TRUE(second.End().ok());
  EXPECT_EQ(Files(), std::vector<std::string>{HexEncode(Sha256(program))});
}

TEST_F(UploadsTest, AProgramWhoseFileWasLostComesAgain) {
  const std::string token = Joined(0);
  const std::string program(10'000, 'p');
  ASSERT_TRUE(Upload(token, program).ok());
  std::filesystem::remove_all(front_folder_ + "/programs/demo");
  ASSERT_TRUE(Upload(token, program).ok());
  EXPECT_EQ(Files().size(), 1u);
}

TEST_F(UploadsTest, WhatIsBrokenOffLeavesNothing) {
  const std::string token = Joined(0);
  {
    OpenUpload upload(*contestant_, token);
    ASSERT_TRUE(upload.Header(Sha256("x"), 1000));
    ASSERT_TRUE(upload.Chunk("some"));
    EXPECT_EQ(upload.End().reason, "BAD_PROGRAM");
  }
  EXPECT_TRUE(Files().empty());
}

class SmallUploadsTest : public UploadsTest {
 protected:
  static Limits Small() {
    Limits limits;
    limits.uploads_per_team = 1;
    limits.upload_grace_seconds = 1;
    limits.stored_bytes_per_team = 3 << 20;
    limits.stored_bytes = 5 << 20;
    limits.uploaded_bytes_per_team_and_day = 6 << 20;
    return limits;
  }
  SmallUploadsTest() : UploadsTest(Small()) {}
  static std::string MiB(char byte, size_t count = 1) { return std::string(count << 20, byte); }
};

TEST_F(SmallUploadsTest, OneThatDoesNotGoOnIsEndedAndOthersGoOn) {
  const std::string token = Joined(0);
  OpenUpload slow(*contestant_, token);
  ASSERT_TRUE(slow.Header(Sha256("x"), 1000));
  // Its place is taken before its file is there.
  while (Files().empty()) std::this_thread::yield();
  EXPECT_EQ(Upload(token, "another").reason, "BUSY") << "one at a time";
  EXPECT_TRUE(Upload(Joined(1), "of another team").ok());
  const Outcome outcome = slow.Finish();
  EXPECT_EQ(outcome.code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(outcome.reason, "DEADLINE");
  EXPECT_TRUE(Upload(token, "another").ok()) << "its place is free";
}

TEST_F(SmallUploadsTest, ATeamsBytesAndAllBytesAreLimited) {
  const std::string token = Joined(0);
  ASSERT_TRUE(Upload(token, MiB('a', 2)).ok());
  const Outcome more = Upload(token, MiB('b', 2));
  EXPECT_EQ(more.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(more.reason, "QUOTA");
  EXPECT_THAT(more.text, ::testing::HasSubstr("2097152 bytes here"));
  EXPECT_TRUE(Upload(token, MiB('a', 2)).ok()) << "the same again costs nothing";
  const std::string other = Joined(1);
  ASSERT_TRUE(Upload(other, MiB('a', 2)).ok());
  EXPECT_EQ(Upload(Joined(2), MiB('c', 2)).reason, "QUOTA") << "the server is full";
}

TEST_F(SmallUploadsTest, ADaysBytesAreLimitedKeptOrNot) {
  const std::string token = Joined(0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Upload(token, MiB('a', 3), Sha256("a lie")).reason, "BAD_PROGRAM") << i;
  }
  const Outcome outcome = Upload(token, MiB('b', 1));
  EXPECT_EQ(outcome.reason, "QUOTA");
  EXPECT_NE(outcome.retry_after, "");
  EXPECT_TRUE(Upload(Joined(1), MiB('b', 1)).ok());
}

TEST_F(SmallUploadsTest, ARestartBeginsNoNewDay) {
  const std::string token = Joined(0);
  EXPECT_EQ(Upload(token, MiB('a', 3), Sha256("a lie")).reason, "BAD_PROGRAM");
  EXPECT_EQ(Upload(token, MiB('a', 2), Sha256("a lie")).reason, "BAD_PROGRAM");
  {
    OpenUpload broken_off(*contestant_, token);
    ASSERT_TRUE(broken_off.Header(Sha256("x"), 1 << 20));
    EXPECT_EQ(broken_off.End().reason, "BAD_PROGRAM") << "its bytes did not come and do not count";
  }
  StopFront();
  StartFront();
  EXPECT_EQ(Upload(token, MiB('b', 2)).reason, "QUOTA");
  EXPECT_TRUE(Upload(token, MiB('b', 1)).ok()) << "what was left of the day";
  StopFront();
  StartFront();
  const Outcome outcome = Upload(token, MiB('c', 1));
  EXPECT_EQ(outcome.reason, "QUOTA");
  EXPECT_NE(outcome.retry_after, "");
  EXPECT_TRUE(Upload(Joined(1), MiB('b', 1)).ok()) << "of another team";
}

TEST_F(UploadsTest, AProgramThatTheVaultKnowsIsNotSentForEver) {
  const std::string token = Joined(0);
  ASSERT_TRUE(Upload(token, "program").ok());
  const pipe::SubmitRequest request = SubmitText(0, "program", "1");
  Submission submission;
  ASSERT_TRUE(Submit(token, request, &submission).ok());
  // The vault takes it each time and appends nothing, as for a program that it has run before.
  for (int i = 0; i < Desk::kExchangesUntilKnown; ++i) {
    ASSERT_TRUE(Get(token, request, &submission).ok());
    EXPECT_EQ(submission.state(), Submission::STATE_RECEIVED) << i;
    ASSERT_TRUE(vault_.Open().ok());
    const auto batch = vault_.ReadBatch();
    ASSERT_TRUE(batch.ok()) << batch.status();
    ASSERT_EQ(batch->requests.size(), i == 0 ? 2u : 1u);
    testing::FakeVault::Batch join = *batch;
    join.requests.pop_back();
    vault_.Admit(join);
    vault_.EndRound(std::nullopt);
    ASSERT_TRUE(vault_.HandOver(batch->mirror_size).ok());
    AwaitLedger();
  }
  EXPECT_EQ(Exchange().requests.size(), 0u);
  ASSERT_TRUE(Get(token, request, &submission).ok());
  EXPECT_EQ(submission.state(), Submission::STATE_REFUSED);
  EXPECT_THAT(submission.refusal(), ::testing::HasSubstr("submitted the same program before"));
}

}  // namespace
}  // namespace pinhole::front
