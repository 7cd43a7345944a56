// Joins, uploads and submissions through a running front to a vault and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "server/core/pipe/frames.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using testing::FakeVault;
using v1::Submission;

using RequestsTest = FrontTest;

// A program that takes several frames and ends in the middle of one.
std::string Program(char byte, size_t size = 3 * pipe::kToVaultPayload + 17) {
  std::string program(size, byte);
  for (size_t i = 0; i < size; i += 101) program[i] = static_cast<char>(i);
  return program;
}

const pipe::SubmitRequest& AsSubmit(const FakeVault::Received& received) {
  return std::get<pipe::SubmitRequest>(received.request);
}

TEST_F(RequestsTest, JoinGoesToTheVaultAndAppearsInTheLedger) {
  Exchange();
  v1::JoinResponse response;
  const Outcome outcome = Join(0, &response);
  ASSERT_TRUE(outcome.ok()) << outcome.text;
  EXPECT_EQ(response.token().size(), 64u);
  // Round 2's exchange: origin 1,000,000 s + 15 s + a run window of 12 s.
  EXPECT_EQ(response.exchange_time().seconds(), 1'000'027);

  const FakeVault::Batch batch = Exchange();
  ASSERT_EQ(batch.requests.size(), 1u);
  EXPECT_EQ(std::get<pipe::JoinRequest>(batch.requests[0].request), JoinText(0));
  EXPECT_EQ(vault_.ledger().contest().teams.size(), 1u);
  EXPECT_EQ(Exchange().requests.size(), 0u) << "what the ledger shows is not sent again";
}

TEST_F(RequestsTest, JoinBeforeTheFirstExchangeIsRefusedForNow) {
  v1::JoinResponse response;
  const Outcome outcome = Join(0, &response);
  EXPECT_EQ(outcome.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(outcome.reason, "NO_LEDGER");
}

TEST_F(RequestsTest, TheSameJoinGivesANewTokenAndNoSecondRequest) {
  Exchange();
  const std::string first = MustJoin(0);
  const std::string second = MustJoin(0);
  EXPECT_NE(first, second);
  EXPECT_EQ(Exchange().requests.size(), 1u);
  const std::string third = MustJoin(0);  // now that the ledger has it
  EXPECT_EQ(Exchange().requests.size(), 0u);
  for (const std::string& token : {first, second, third}) {
    EXPECT_TRUE(Upload(token, Program('a')).ok()) << "every token given is good";
  }
}

TEST_F(RequestsTest, RefusedJoins) {
  Exchange();
  const SigningKey stranger = testing::TestKey(77);
  const SigningKey one_use = testing::TestKey(101);
  pipe::JoinRequest unsigned_invitation = pipe::SignJoin(
      one_use, TeamKey(1), pipe::SignInvitation(stranger, "demo", "team-1", one_use.public_key()));
  pipe::JoinRequest other_contest = pipe::SignJoin(
      one_use, TeamKey(1),
      pipe::SignInvitation(testing::TestKey(1), "other", "team-1", one_use.public_key()));
  pipe::JoinRequest bad_signature = JoinText(1);
  bad_signature.signature[0] ^= 1;
  pipe::JoinRequest other_key = JoinText(0);  // the same invitation with another team key
  other_key = pipe::SignJoin(testing::TestKey(100), stranger, other_key.invitation);
  MustJoin(0);
  struct Case {
    const char* name;
    std::string text;
    grpc::StatusCode code;
    const char* reason;
  };
  const Case cases[] = {
      {"not the organizer's", pipe::Encode(unsigned_invitation),
       grpc::StatusCode::PERMISSION_DENIED, "BAD_INVITATION"},
      {"no such contest", pipe::Encode(other_contest), grpc::StatusCode::NOT_FOUND, "NOT_FOUND"},
      {"bad signature", pipe::Encode(bad_signature), grpc::StatusCode::PERMISSION_DENIED,
       "BAD_REQUEST"},
      {"used by a waiting join", pipe::Encode(other_key), grpc::StatusCode::ALREADY_EXISTS,
       "BAD_INVITATION"},
      {"not a request", "hello\n", grpc::StatusCode::INVALID_ARGUMENT, "BAD_REQUEST"},
      {"a submission", pipe::Encode(SubmitText(0, "p", "1")), grpc::StatusCode::INVALID_ARGUMENT,
       "BAD_REQUEST"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const auto context = NewContext();
    v1::JoinRequest request;
    request.set_signed_request(test.text);
    v1::JoinResponse response;
    const Outcome outcome =
        OutcomeOf(contestant_->Join(context.get(), request, &response), *context);
    EXPECT_EQ(outcome.code, test.code) << outcome.text;
    EXPECT_EQ(outcome.reason, test.reason) << outcome.text;
    EXPECT_EQ(response.token(), "");
  }
  EXPECT_EQ(Exchange().requests.size(), 1u) << "only the good join is sent";
}

TEST_F(RequestsTest, SubmissionsReachTheVaultInOrderWithTheirBytes) {
  Exchange();
  const std::string token = MustJoin(0);
  const std::string other = MustJoin(1);
  const std::string programs[] = {Program('a'), Program('b', 1),
                                  Program('c', pipe::kToVaultPayload)};
  ASSERT_TRUE(Upload(token, programs[0]).ok());
  ASSERT_TRUE(Upload(other, programs[1]).ok());
  ASSERT_TRUE(Upload(token, programs[2]).ok());
  const pipe::SubmitRequest requests[] = {SubmitText(0, programs[0], "1"),
                                          SubmitText(1, programs[1], "1"),
                                          SubmitText(0, programs[2], "2")};
  Submission receipt;
  ASSERT_TRUE(Submit(token, requests[0], &receipt, "first try").ok());
  EXPECT_EQ(receipt.state(), Submission::STATE_RECEIVED);
  EXPECT_EQ(receipt.admit_index(), -1);
  EXPECT_EQ(receipt.message(), "first try");
  // Admitted in exchange 2, the queue's first place is round 3: 1,000,000 + 2·15 + 12 s.
  EXPECT_EQ(receipt.result_round(), 3);
  EXPECT_EQ(receipt.result_time().seconds(), 1'000'042);
  ASSERT_TRUE(Submit(other, requests[1], &receipt).ok());
  EXPECT_EQ(receipt.result_round(), 4) << "one lane, one run a round: behind the first";
  ASSERT_TRUE(Submit(token, requests[2], &receipt).ok());
  EXPECT_EQ(receipt.result_round(), 5);

  const FakeVault::Batch batch = Exchange();
  ASSERT_EQ(batch.requests.size(), 5u);  // two joins first
  for (size_t i = 0; i < 3; ++i) {
    const FakeVault::Received& received = batch.requests[i + 2];
    EXPECT_EQ(AsSubmit(received), requests[i]) << i;
    EXPECT_EQ(received.program, programs[i]) << i;
    for (size_t frame = 0; frame + 1 < received.payload_bytes.size(); ++frame) {
      EXPECT_EQ(received.payload_bytes[frame], pipe::kToVaultPayload) << "full but the last";
    }
    Submission shown;
    ASSERT_TRUE(Get(i == 1 ? other : token, requests[i], &shown).ok());
    EXPECT_EQ(shown.state(), Submission::STATE_SCHEDULED);
    EXPECT_EQ(shown.result_round(), static_cast<int64_t>(i) + 3) << "as the receipt said";
  }
  EXPECT_EQ(batch.requests[2].payload_bytes.size(), 4u);

  Exchange(/*level=*/20);
  Submission shown;
  ASSERT_TRUE(Get(token, requests[0], &shown).ok());
  EXPECT_EQ(shown.state(), Submission::STATE_RELEASED);
  EXPECT_EQ(shown.symbol(), "0.9");  // 0.80 + 20 · 0.005
  EXPECT_EQ(shown.program_sha256(), AsText(requests[0].program));
  EXPECT_EQ(shown.message(), "first try");
}

TEST_F(RequestsTest, TheSameSubmissionAgainIsTheSameSubmission) {
  Exchange();
  const std::string token = MustJoin(0);
  ASSERT_TRUE(Upload(token, Program('a')).ok());
  ASSERT_TRUE(Upload(token, Program('b')).ok());
  const pipe::SubmitRequest request = SubmitText(0, Program('a'), "1");
  Submission first, again;
  ASSERT_TRUE(Submit(token, request, &first).ok());
  ASSERT_TRUE(Submit(token, request, &again).ok());
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  const Outcome other_body = Submit(token, SubmitText(0, Program('b'), "1"), &again);
  EXPECT_EQ(other_body.code, grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(other_body.reason, "REQUEST_ID_REUSED");

  // The same program under another id: the earlier submission, and nothing is sent.
  ASSERT_TRUE(Submit(token, SubmitText(0, Program('a'), "2"), &again).ok());
  EXPECT_EQ(again.request_id(), first.request_id());
  EXPECT_EQ(Exchange().requests.size(), 2u) << "one join, one submission";
  Exchange(10);
  ASSERT_TRUE(Submit(token, SubmitText(0, Program('a'), "3"), &again).ok());
  EXPECT_EQ(again.request_id(), first.request_id());
  EXPECT_EQ(again.state(), Submission::STATE_RELEASED);
  EXPECT_EQ(Exchange().requests.size(), 0u);
}

TEST_F(RequestsTest, RefusedSubmissions) {
  Exchange();
  const std::string token = MustJoin(0);
  const std::string other = MustJoin(1);
  ASSERT_TRUE(Upload(token, Program('a')).ok());
  ASSERT_TRUE(Upload(other, Program('o')).ok());
  const pipe::SubmitRequest good = SubmitText(0, Program('a'), "1");
  pipe::SubmitRequest other_policy = good, other_size = good, bad_signature = good;
  other_policy.policy[0] ^= 1;
  other_policy = pipe::SignSubmit(TeamKey(0), other_policy);
  ++other_size.program_bytes;
  other_size = pipe::SignSubmit(TeamKey(0), other_size);
  bad_signature.signature[0] ^= 1;
  struct Case {
    const char* name;
    std::string token;
    pipe::SubmitRequest request;
    grpc::StatusCode code;
    const char* reason;
  };
  const Case cases[] = {
      {"no token", "", good, grpc::StatusCode::UNAUTHENTICATED, "BAD_TOKEN"},
      {"a token of nobody", std::string(64, '0'), good, grpc::StatusCode::UNAUTHENTICATED,
       "BAD_TOKEN"},
      {"the other team's token", other, good, grpc::StatusCode::PERMISSION_DENIED, "BAD_TOKEN"},
      {"the other team's program", token, SubmitText(0, Program('o'), "2"),
       grpc::StatusCode::FAILED_PRECONDITION, "BAD_PROGRAM"},
      {"another size", token, other_size, grpc::StatusCode::INVALID_ARGUMENT, "BAD_PROGRAM"},
      {"another policy", token, other_policy, grpc::StatusCode::FAILED_PRECONDITION, "NOT_OPEN"},
      {"bad signature", token, bad_signature, grpc::StatusCode::PERMISSION_DENIED, "BAD_REQUEST"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    Submission submission;
    const Outcome outcome = Submit(test.token, test.request, &submission);
    EXPECT_EQ(outcome.code, test.code) << outcome.text;
    EXPECT_EQ(outcome.reason, test.reason) << outcome.text;
  }
  EXPECT_EQ(Exchange().requests.size(), 2u) << "two joins and nothing else";
}

TEST_F(RequestsTest, MoreWaitingThanThePolicyAllowsIsRefusedAtOnce) {
  Exchange();
  const std::string token = MustJoin(0);
  Submission submission;
  for (const char byte : {'a', 'b', 'c'}) ASSERT_TRUE(Upload(token, Program(byte)).ok());
  ASSERT_TRUE(Submit(token, SubmitText(0, Program('a'), "1"), &submission).ok());
  ASSERT_TRUE(Submit(token, SubmitText(0, Program('b'), "2"), &submission).ok());
  const Outcome third = Submit(token, SubmitText(0, Program('c'), "3"), &submission);
  EXPECT_EQ(third.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(third.reason, "TOO_MANY_WAITING");
  // The first of them is due in round 3: origin 1,000,000 s + 2·15 s + a run window of 12 s.
  EXPECT_THAT(third.text, ::testing::HasSubstr("round 3, in the exchange at 1970-01-12T13:47:22Z"));
}

TEST_F(RequestsTest, RefusedUploads) {
  Exchange();
  const std::string token = MustJoin(0);
  const std::string program = Program('a');
  const auto size = static_cast<int64_t>(program.size());
  struct Case {
    const char* name;
    std::string token;
    Digest sha256;
    int64_t bytes;
    grpc::StatusCode code;
    const char* reason;
  };
  const Case cases[] = {
      {"no token", "", Sha256(program), size, grpc::StatusCode::UNAUTHENTICATED, "BAD_TOKEN"},
      {"another hash", token, Sha256("x"), size, grpc::StatusCode::INVALID_ARGUMENT, "BAD_PROGRAM"},
      {"more than announced", token, Sha256(program), size - 1, grpc::StatusCode::INVALID_ARGUMENT,
       "BAD_PROGRAM"},
      {"less than announced", token, Sha256(program), size + 1, grpc::StatusCode::INVALID_ARGUMENT,
       "BAD_PROGRAM"},
      {"above the policy's limit", token, Sha256(program), (int64_t{16} << 20) + 1,
       grpc::StatusCode::INVALID_ARGUMENT, "BAD_PROGRAM"},
      {"nothing", token, Sha256(program), 0, grpc::StatusCode::INVALID_ARGUMENT, "BAD_PROGRAM"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const Outcome outcome = Upload(test.token, program, test.sha256, test.bytes);
    EXPECT_EQ(outcome.code, test.code) << outcome.text;
    EXPECT_EQ(outcome.reason, test.reason) << outcome.text;
  }
  Submission submission;
  EXPECT_EQ(Submit(token, SubmitText(0, program, "1"), &submission).reason, "BAD_PROGRAM");
  EXPECT_TRUE(Upload(token, program).ok());
  EXPECT_TRUE(Upload(token, program).ok()) << "the same program again is no error";
}

TEST_F(RequestsTest, WhatTheLedgerMakesImpossibleIsShownAsRefused) {
  Exchange();
  const std::string token = MustJoin(0);
  Exchange();
  ASSERT_TRUE(Upload(token, Program('a')).ok());
  const pipe::SubmitRequest request = SubmitText(0, Program('a'), "1");
  Submission submission;
  ASSERT_TRUE(Submit(token, request, &submission).ok());
  // The vault closes the contest and takes nothing.
  ASSERT_TRUE(vault_.Open().ok());
  const auto batch = vault_.ReadBatch();
  ASSERT_TRUE(batch.ok());
  vault_.ledger().CloseEarly();
  vault_.EndRound(std::nullopt);
  ASSERT_TRUE(vault_.HandOver(batch->mirror_size).ok());
  AwaitLedger();
  ASSERT_TRUE(Get(token, request, &submission).ok());
  EXPECT_EQ(submission.state(), Submission::STATE_REFUSED);
  EXPECT_NE(submission.refusal(), "");
  EXPECT_EQ(Exchange().requests.size(), 0u);
}

TEST_F(RequestsTest, SubmissionsAreListedOldestFirstInPages) {
  Exchange();
  const std::string token = MustJoin(0);
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    const std::string program = Program(static_cast<char>('a' + i));
    ASSERT_TRUE(Upload(token, program).ok());
    Submission submission;
    const Outcome outcome =
        Submit(token, SubmitText(0, program, absl::StrFormat("%d", i)), &submission);
    ASSERT_TRUE(outcome.ok()) << outcome.text;
    ids.push_back(submission.request_id());
    Exchange();
  }
  std::vector<std::string> listed;
  v1::ListSubmissionsRequest request;
  request.set_contest("demo");
  request.set_page_size(3);
  std::vector<int> pages;
  do {
    const auto context = NewContext(token);
    v1::ListSubmissionsResponse response;
    ASSERT_TRUE(contestant_->ListSubmissions(context.get(), request, &response).ok());
    for (const Submission& submission : response.submissions()) {
      listed.push_back(submission.request_id());
    }
    pages.push_back(response.submissions_size());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, ids);
  EXPECT_THAT(pages, ::testing::ElementsAre(3, 1));
}

}  // namespace
}  // namespace pinhole::front
