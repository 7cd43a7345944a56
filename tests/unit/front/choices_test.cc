// Choices through a running front to a vault and back.
#include <gtest/gtest.h>

#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

contest::Policy WithFinals() {
  contest::Policy policy = testing::DemoPolicy();
  policy.release.final_rule = contest::FinalRule::kTop3;
  return policy;
}

class ChoicesTest : public FrontTest {
 protected:
  ChoicesTest() : FrontTest(Limits(), WithFinals()) {
    Exchange();
    token_ = MustJoin(0);
    Exchange();
    for (const char* program : {"one", "two"}) {
      EXPECT_TRUE(Upload(token_, program).ok());
      v1::Submission submission;
      EXPECT_TRUE(Submit(token_, SubmitText(0, program, program), &submission).ok());
    }
    Exchange();
  }
  const replay::Team& Team() { return vault_.ledger().contest().teams[0]; }
  std::string Signed(std::optional<int64_t> admit) {
    return pipe::Encode(pipe::SignChoose(
        TeamKey(0), {.contest = "demo", .team = 1, .admit = admit, .number = Team().choices}));
  }
  Outcome Choose(std::string_view token, const std::string& text,
                 v1::ChooseResponse* response = nullptr) {
    const auto context = NewContext(token);
    v1::ChooseRequest request;
    request.set_signed_request(text);
    v1::ChooseResponse unused;
    return OutcomeOf(
        contestant_->Choose(context.get(), request, response == nullptr ? &unused : response),
        *context);
  }
  std::string token_;
};

TEST_F(ChoicesTest, AChoiceGoesToTheVaultOnce) {
  const int64_t admit = Team().admissions[0];
  v1::ChooseResponse response;
  const Outcome outcome = Choose(token_, Signed(admit), &response);
  ASSERT_TRUE(outcome.ok()) << outcome.text;
  EXPECT_FALSE(response.taken());
  const std::string sent = Signed(admit);
  EXPECT_TRUE(Choose(token_, sent).ok()) << "the same again is the same";
  EXPECT_EQ(Exchange().requests.size(), 1u);
  EXPECT_EQ(Team().choice, admit);
  EXPECT_EQ(Exchange().requests.size(), 0u);
  ASSERT_TRUE(Choose(token_, sent, &response).ok());
  EXPECT_TRUE(response.taken());
  EXPECT_EQ(Exchange().requests.size(), 0u);
}

TEST_F(ChoicesTest, TheNewestCountsEvenOneThatWasReplaced) {
  const std::string first = Signed(Team().admissions[0]);
  const std::string second = Signed(Team().admissions[1]);
  for (const std::string& text : {first, second, first}) {
    const Outcome outcome = Choose(token_, text);
    ASSERT_TRUE(outcome.ok()) << outcome.text;
  }
  const auto batch = Exchange();
  ASSERT_EQ(batch.requests.size(), 1u);
  EXPECT_EQ(Team().choice, Team().admissions[0]);
}

TEST_F(ChoicesTest, OutlivesTheFront) {
  ASSERT_TRUE(Choose(token_, Signed(Team().admissions[0])).ok());
  ASSERT_TRUE(Choose(token_, Signed(Team().admissions[1])).ok());
  StopFront();
  StartFront();
  EXPECT_EQ(Exchange().requests.size(), 1u);
  EXPECT_EQ(Team().choice, Team().admissions[1]);
}

TEST_F(ChoicesTest, Refused) {
  const int64_t admit = Team().admissions[0];
  const std::string by_another_key =
      pipe::Encode(pipe::SignChoose(TeamKey(1), {.contest = "demo", .team = 1, .admit = admit}));
  std::string forged = Signed(admit);
  forged[forged.size() - 3] ^= 1;
  const struct {
    const char* name;
    std::string text;
    grpc::StatusCode code;
    const char* reason;
  } cases[] = {
      {"no text of a request", "hello\n", grpc::StatusCode::INVALID_ARGUMENT, "BAD_REQUEST"},
      {"a join", pipe::Encode(JoinText(0)), grpc::StatusCode::INVALID_ARGUMENT, "BAD_REQUEST"},
      {"another team's token", by_another_key, grpc::StatusCode::PERMISSION_DENIED, "BAD_TOKEN"},
      {"not its own entry", Signed(1), grpc::StatusCode::FAILED_PRECONDITION, "NOT_OPEN"},
      {"what stands", Signed(std::nullopt), grpc::StatusCode::ALREADY_EXISTS, "BAD_REQUEST"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    const Outcome outcome = Choose(token_, test.text);
    EXPECT_EQ(outcome.code, test.code) << outcome.text;
    EXPECT_EQ(outcome.reason, test.reason) << outcome.text;
  }
  EXPECT_FALSE(Choose(token_, forged).ok());
  EXPECT_FALSE(Choose("", Signed(admit)).ok());
  EXPECT_EQ(Exchange().requests.size(), 0u);
}

// The same words again, once they can be taken after all.
TEST_F(ChoicesTest, OneThatWasRefusedMayComeAgain) {
  const std::string text = Signed(Team().admissions[0]);
  ASSERT_TRUE(Choose(token_, text).ok());
  vault_.ledger().ActOnTeam(log::ActKind::kDisqualify, "team-0");
  EXPECT_EQ(Exchange(30).requests.size(), 1u);
  EXPECT_EQ(Team().choice, std::nullopt);
  vault_.ledger().ActOnTeam(log::ActKind::kReinstate, "team-0");
  Exchange();
  const Outcome outcome = Choose(token_, text);
  ASSERT_TRUE(outcome.ok()) << outcome.text;
  Exchange();
  EXPECT_EQ(Team().choice, Team().admissions[0]);
}

// What cannot be taken any more is told once the ledger shows why.
TEST_F(ChoicesTest, OneWhoseSubmissionShowsNoScoreIsDropped) {
  ASSERT_TRUE(Choose(token_, Signed(Team().admissions[0])).ok());
  Exchange(std::nullopt);  // taken, while it waits
  ASSERT_TRUE(Choose(token_, Signed(Team().admissions[1])).ok());
  Exchange(40);
  EXPECT_EQ(Exchange().requests.size(), 0u);
}

}  // namespace
}  // namespace pinhole::front
