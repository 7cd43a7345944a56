// Lists page by page while the ledger grows: each item exactly once, and tokens of one list only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_format.h"
#include "server/front/page_token.h"
#include "server/system/files.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using v1::Submission;

class PagingTest : public FrontTest {
 protected:
  // A further contest in the ledger, handed over with the next exchange. One is open at a time, and
  // the one before must have no result due.
  void OpenContest(const std::string& name) {
    vault_.ledger().CloseEarly();
    vault_.ledger().EndRound();
    vault_.ledger().Close();
    contest::Policy policy = testing::DemoPolicy();
    policy.contest = name;
    vault_.ledger().OpenContest(policy);
    Exchange();
  }

  Outcome ListContests(const std::string& token, int32_t page_size,
                       v1::ListContestsResponse* response) {
    const auto context = NewContext();
    v1::ListContestsRequest request;
    request.set_page_size(page_size);
    request.set_page_token(token);
    return OutcomeOf(audit_->ListContests(context.get(), request, response), *context);
  }
  Outcome ListEntries(int64_t start, const std::string& token, int32_t page_size,
                      v1::ListEntriesResponse* response) {
    const auto context = NewContext();
    v1::ListEntriesRequest request;
    request.set_start(start);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return OutcomeOf(audit_->ListEntries(context.get(), request, response), *context);
  }
  Outcome GetBoard(const std::string& contest, const std::string& token, int32_t page_size,
                   v1::GetBoardResponse* response) {
    const auto context = NewContext();
    v1::GetBoardRequest request;
    request.set_contest(contest);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return OutcomeOf(audit_->GetBoard(context.get(), request, response), *context);
  }
  Outcome ListSubmissions(const std::string& bearer, const std::string& token, int32_t page_size,
                          v1::ListSubmissionsResponse* response) {
    const auto context = NewContext(bearer);
    v1::ListSubmissionsRequest request;
    request.set_contest("demo");
    request.set_page_size(page_size);
    request.set_page_token(token);
    return OutcomeOf(contestant_->ListSubmissions(context.get(), request, response), *context);
  }
  Submission MustSubmit(const std::string& token, int team, const std::string& program) {
    Submission submission;
    EXPECT_TRUE(Upload(token, program).ok());
    const Outcome outcome = Submit(token, SubmitText(team, program, program), &submission);
    EXPECT_TRUE(outcome.ok()) << outcome.text;
    return submission;
  }
};

TEST_F(PagingTest, EntriesWhileTheyCome) {
  Exchange();
  std::vector<std::string> seen;
  std::string token;
  int growing = 6;
  do {
    v1::ListEntriesResponse page;
    ASSERT_TRUE(ListEntries(1, token, 2, &page).ok());
    for (const v1::LedgerEntry& entry : page.entries()) {
      EXPECT_EQ(entry.index(), static_cast<int64_t>(seen.size()) + 1);
      seen.push_back(entry.entry());
    }
    token = page.next_page_token();
    if (!token.empty() && growing-- > 0) Exchange();
  } while (!token.empty());
  const auto& entries = vault_.ledger().entries();
  EXPECT_TRUE(seen == std::vector<std::string>(entries.begin() + 1, entries.end()));
}

TEST_F(PagingTest, TheBoardOfOneMomentWhileRanksMove) {
  Exchange();
  std::vector<std::string> tokens;
  for (int team = 0; team < 3; ++team) tokens.push_back(MustJoin(team));
  MustSubmit(tokens[2], 2, "first");
  Exchange();
  v1::GetBoardResponse whole;
  ASSERT_TRUE(GetBoard("demo", "", 0, &whole).ok());
  ASSERT_EQ(whole.rows_size(), 3);
  EXPECT_EQ(whole.next_page_token(), "");
  std::vector<std::string> seen;
  std::string token;
  do {
    v1::GetBoardResponse page;
    ASSERT_TRUE(GetBoard("demo", token, 1, &page).ok());
    ASSERT_EQ(page.rows_size(), 1);
    EXPECT_EQ(page.ledger_size(), whole.ledger_size());
    seen.push_back(page.rows(0).team());
    token = page.next_page_token();
    Exchange(/*level=*/20);  // team 2 leads from now on
  } while (!token.empty());
  EXPECT_THAT(seen, ::testing::ElementsAre("team-0", "team-1", "team-2"));
  v1::GetBoardResponse now;
  ASSERT_TRUE(GetBoard("demo", "", 0, &now).ok());
  EXPECT_EQ(now.rows(0).team(), "team-2");
}

TEST_F(PagingTest, ABoardThatIsNotKeptBeginsAgain) {
  Exchange();
  MustJoin(0);
  MustJoin(1);
  Exchange();
  v1::GetBoardResponse page;
  ASSERT_TRUE(GetBoard("demo", "", 1, &page).ok());
  const std::string token = page.next_page_token();
  ASSERT_NE(token, "");
  StopFront();
  StartFront();
  ASSERT_TRUE(GetBoard("demo", token, 1, &page).ok()) << "the ledger is the same";
  Exchange();
  StopFront();
  StartFront();
  const Outcome expired = GetBoard("demo", token, 1, &page);
  EXPECT_EQ(expired.code, grpc::StatusCode::ABORTED);
  EXPECT_EQ(expired.reason, "PAGE_EXPIRED");
}

TEST_F(PagingTest, ContestsWhileTheyOpen) {
  Exchange();
  v1::ListContestsResponse page;
  OpenContest("zeta");
  OpenContest("alpha");
  std::vector<std::string> seen;
  std::string token;
  bool opened = false;
  do {
    page.Clear();
    ASSERT_TRUE(ListContests(token, 1, &page).ok());
    for (const v1::Contest& contest : page.contests()) seen.push_back(contest.contest());
    token = page.next_page_token();
    if (!std::exchange(opened, true)) OpenContest("mu");
  } while (!token.empty());
  EXPECT_THAT(seen, ::testing::ElementsAre("alpha", "demo", "mu", "zeta"));
}

TEST_F(PagingTest, SubmissionsOfALostFrontAndOfThisOneWhileTheyCome) {
  Exchange();
  std::string token = MustJoin(0);
  std::vector<std::string> ids;
  for (const char* program : {"a", "b"}) {
    ids.push_back(MustSubmit(token, 0, program).request_id());
    Exchange();
  }
  StopFront();
  ASSERT_TRUE(RemoveTree(front_folder_).ok());
  ASSERT_TRUE(InitFolder(front_folder_, {.listen = "127.0.0.1:0",
                                         .vault_socket = folder_.path() + "/vault.sock",
                                         .log_vkey = vault_.ledger().Vkey()})
                  .ok());
  StartFront();
  Exchange();
  token = MustJoin(0);  // a new token; the ledger has the team
  ids.push_back(MustSubmit(token, 0, "c").request_id());
  std::vector<std::string> seen;
  std::string place;
  int more = 2;
  do {
    v1::ListSubmissionsResponse page;
    const Outcome outcome = ListSubmissions(token, place, 1, &page);
    ASSERT_TRUE(outcome.ok()) << outcome.text;
    for (const Submission& submission : page.submissions()) seen.push_back(submission.request_id());
    place = page.next_page_token();
    if (more-- > 0) {
      Exchange(10);
      ids.push_back(MustSubmit(token, 0, absl::StrFormat("later %d", more)).request_id());
    }
  } while (!place.empty());
  EXPECT_EQ(seen, ids);
}

TEST_F(PagingTest, TokensOfAnotherListAreRefused) {
  Exchange();
  const std::string team = MustJoin(0);
  const std::string second = MustJoin(1);
  for (const char* program : {"a", "b"}) MustSubmit(team, 0, program);
  for (const char* program : {"c", "d"}) MustSubmit(second, 1, program);
  for (int i = 0; i < 6; ++i) Exchange();  // until all have their results
  OpenContest("other");
  v1::ListContestsResponse contests;
  ASSERT_TRUE(ListContests("", 1, &contests).ok());
  v1::GetBoardResponse board;
  ASSERT_TRUE(GetBoard("demo", "", 1, &board).ok());
  v1::ListEntriesResponse entries;
  ASSERT_TRUE(ListEntries(0, "", 1, &entries).ok());
  v1::ListSubmissionsResponse submissions;
  ASSERT_TRUE(ListSubmissions(team, "", 1, &submissions).ok());
  for (const std::string& token : {contests.next_page_token(), board.next_page_token(),
                                   entries.next_page_token(), submissions.next_page_token()}) {
    ASSERT_NE(token, "");
  }
  struct Case {
    const char* name;
    std::function<Outcome()> call;
  };
  const Case cases[] = {
      {"contests with a board's",
       [&] { return ListContests(board.next_page_token(), 1, &contests); }},
      {"another contest's board",
       [&] { return GetBoard("other", board.next_page_token(), 1, &board); }},
      {"entries from another start",
       [&] { return ListEntries(1, entries.next_page_token(), 1, &entries); }},
      {"entries beyond the ledger",
       [&] { return ListEntries(0, MakePageToken("ListEntries 0", "100000"), 1, &entries); }},
      {"another team's submissions",
       [&] { return ListSubmissions(second, submissions.next_page_token(), 1, &submissions); }},
      {"nonsense", [&] { return ListContests("nonsense", 1, &contests); }},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const Outcome outcome = test.call();
    EXPECT_EQ(outcome.code, grpc::StatusCode::INVALID_ARGUMENT) << outcome.text;
    EXPECT_EQ(outcome.reason, "BAD_PAGE_TOKEN") << outcome.text;
  }
  EXPECT_EQ(ListContests("", -1, &contests).code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ListEntries(0, "", -1, &entries).code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(GetBoard("demo", "", -1, &board).code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ListSubmissions(team, "", -1, &submissions).code, grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace pinhole::front
