// A front that dies and starts again, a vault that goes, stops or comes back.
#include <gtest/gtest.h>

#include "server/system/files.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using testing::FakeVault;
using v1::Submission;

class RestartTest : public FrontTest {
 protected:
  // All that a reader and a team can see, as bytes.
  std::string Everything(const std::string& token, const pipe::SubmitRequest& request) {
    std::string all;
    auto context = NewContext();
    v1::GetCheckpointResponse head;
    EXPECT_TRUE(audit_->GetCheckpoint(context.get(), {}, &head).ok());
    all += head.SerializeAsString();
    context = NewContext();
    v1::ListEntriesResponse entries;
    EXPECT_TRUE(audit_->ListEntries(context.get(), {}, &entries).ok());
    all += entries.SerializeAsString();
    context = NewContext();
    v1::ListContestsResponse contests;
    EXPECT_TRUE(audit_->ListContests(context.get(), {}, &contests).ok());
    all += contests.SerializeAsString();
    context = NewContext();
    v1::GetBoardRequest board_request;
    board_request.set_contest("demo");
    v1::GetBoardResponse board;
    EXPECT_TRUE(audit_->GetBoard(context.get(), board_request, &board).ok());
    all += board.SerializeAsString();
    Submission submission;
    EXPECT_TRUE(Get(token, request, &submission).ok());
    return all + submission.SerializeAsString() + Proofs() + Refusals(token);
  }

  std::string Proofs() {
    auto context = NewContext();
    v1::GetInclusionProofRequest inclusion_request;
    inclusion_request.set_index(1);
    v1::GetInclusionProofResponse inclusion;
    EXPECT_TRUE(audit_->GetInclusionProof(context.get(), inclusion_request, &inclusion).ok());
    context = NewContext();
    v1::GetConsistencyProofRequest consistency_request;
    consistency_request.set_old_size(2);
    v1::GetConsistencyProofResponse consistency;
    EXPECT_TRUE(audit_->GetConsistencyProof(context.get(), consistency_request, &consistency).ok());
    return inclusion.SerializeAsString() + consistency.SerializeAsString();
  }

  std::string Submissions(const std::string& token) {
    const auto context = NewContext(token);
    v1::ListSubmissionsRequest request;
    request.set_contest("demo");
    v1::ListSubmissionsResponse response;
    EXPECT_TRUE(contestant_->ListSubmissions(context.get(), request, &response).ok());
    return response.SerializeAsString();
  }

  // What is refused is refused in the same words.
  std::string Refusals(const std::string& token) {
    Submission none;
    std::string all;
    for (const Outcome& outcome :
         {Get(token, SubmitText(0, "x", "of nobody"), &none),
          Get("", SubmitText(0, "x", "1"), &none),
          Submit(token, SubmitText(0, "not uploaded", "3"), &none), Upload(token, "")}) {
      EXPECT_FALSE(outcome.ok());
      all += outcome.reason + outcome.text;
    }
    return all;
  }
};

TEST_F(RestartTest, KeepsMirrorTokensProgramsAndWaitingRequests) {
  Exchange();
  const std::string token = MustJoin(0);
  const std::string program(10'000, 'p');
  ASSERT_TRUE(Upload(token, program).ok());
  const pipe::SubmitRequest request = SubmitText(0, program, "1");
  Submission submission;
  ASSERT_TRUE(Submit(token, request, &submission, "kept").ok());
  const std::string before = Everything(token, request);
  StopFront();
  StartFront();
  EXPECT_EQ(Everything(token, request), before);
  const FakeVault::Batch batch = Exchange();
  EXPECT_EQ(batch.mirror_size, 4) << "START, DATASET, POLICY and one ROUND were kept";
  ASSERT_EQ(batch.requests.size(), 2u);
  EXPECT_EQ(std::get<pipe::JoinRequest>(batch.requests[0].request), JoinText(0));
  EXPECT_EQ(std::get<pipe::SubmitRequest>(batch.requests[1].request), request);
  EXPECT_EQ(batch.requests[1].program, program);
}

TEST_F(RestartTest, AnswersTheSameWithoutAVault) {
  Exchange();
  const std::string token = MustJoin(0);
  ASSERT_TRUE(Upload(token, "program").ok());
  const pipe::SubmitRequest request = SubmitText(0, "program", "1");
  Submission submission;
  ASSERT_TRUE(Submit(token, request, &submission).ok());
  Exchange();
  const std::string with_vault = Everything(token, request);
  const std::string listed = Submissions(token);
  vault_.Die();
  EXPECT_EQ(Submissions(token), listed);
  EXPECT_EQ(Everything(token, request), with_vault);
  ASSERT_TRUE(Upload(token, "another program").ok());
  ASSERT_TRUE(Submit(token, SubmitText(0, "another program", "2"), &submission).ok());
  EXPECT_EQ(submission.state(), Submission::STATE_RECEIVED);
  StopFront();
  StartFront();
  EXPECT_EQ(Everything(token, request), with_vault);
}

TEST_F(RestartTest, AVaultThatStopsInTheMiddleGetsEverythingAgain) {
  Exchange();
  const std::string token = MustJoin(0);
  const std::string program(3'000'000, 'p');  // far more than a socket holds
  ASSERT_TRUE(Upload(token, program).ok());
  const pipe::SubmitRequest request = SubmitText(0, program, "1");
  Submission submission;
  ASSERT_TRUE(Submit(token, request, &submission).ok());
  struct Case {
    const char* name;
    bool reads;
    bool hands_over;
  };
  // Gone before it read; gone before it handed over; handed over without having read.
  for (const Case& test :
       {Case{"gone unread", false, false}, Case{"gone after the batch", true, false},
        Case{"handed over unread", false, true}}) {
    SCOPED_TRACE(test.name);
    ASSERT_TRUE(vault_.Open().ok());
    if (test.reads) {
      ASSERT_TRUE(vault_.ReadBatch().ok());
    }
    if (test.hands_over) {
      const int64_t mirrored = vault_.ledger().state().size();
      vault_.EndRound(std::nullopt);
      ASSERT_TRUE(vault_.HandOver(mirrored).ok());
      AwaitLedger();
    }
    vault_.Disconnect();
    ASSERT_TRUE(Get(token, request, &submission).ok());
    EXPECT_EQ(submission.state(), Submission::STATE_RECEIVED);
  }
  // Batches are shorter after what was cut off, and grow again.
  std::vector<FakeVault::Received> received;
  for (int i = 0; i < 4; ++i) {
    const FakeVault::Batch batch = Exchange();
    received.insert(received.end(), batch.requests.begin(), batch.requests.end());
  }
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(std::get<pipe::JoinRequest>(received[0].request), JoinText(0));
  EXPECT_EQ(received[1].program, program);
  ASSERT_TRUE(Get(token, request, &submission).ok());
  EXPECT_NE(submission.admit_index(), -1);
}

TEST_F(RestartTest, AnEmptyMirrorIsFilledFromTheVault) {
  for (int i = 0; i < 5; ++i) Exchange();
  StopFront();
  ASSERT_TRUE(RemoveTree(front_folder_).ok());
  ASSERT_TRUE(InitFolder(front_folder_, {.listen = "127.0.0.1:0",
                                         .vault_socket = folder_.path() + "/vault.sock",
                                         .log_vkey = vault_.ledger().Vkey()})
                  .ok());
  StartFront();
  EXPECT_EQ(Exchange().mirror_size, 0);
}

}  // namespace
}  // namespace pinhole::front
