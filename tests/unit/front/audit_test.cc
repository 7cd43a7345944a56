// What anybody reads from a running front: entries, proofs, boards, and what it does with a vault
// that lies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using testing::TestKey;

class AuditTest : public FrontTest {
 protected:
  v1::GetServerInfoResponse Info() {
    const auto context = NewContext();
    v1::GetServerInfoResponse response;
    EXPECT_TRUE(audit_->GetServerInfo(context.get(), {}, &response).ok());
    return response;
  }
  Checkpoint Head() {
    const auto context = NewContext();
    v1::GetCheckpointResponse response;
    EXPECT_TRUE(audit_->GetCheckpoint(context.get(), {}, &response).ok());
    const auto head = OpenCheckpoint(response.checkpoint(),
                                     NoteVerifier::FromVkey(vault_.ledger().Vkey()).value());
    EXPECT_TRUE(head.ok()) << head.status();
    return head.value_or(Checkpoint());
  }
  // Opens an exchange, admits nothing, and hands over what `tamper` makes of it.
  void HandOverTampered(const testing::FakeVault::Tamper& tamper) {
    ASSERT_TRUE(vault_.Open().ok());
    const auto batch = vault_.ReadBatch();
    ASSERT_TRUE(batch.ok()) << batch.status();
    vault_.EndRound(std::nullopt);
    ASSERT_TRUE(vault_.HandOver(batch->mirror_size, tamper).ok());
  }
};

template <typename Response>
std::vector<Digest> HashesOf(const Response& response) {
  std::vector<Digest> hashes;
  for (const std::string& bytes : response.hashes()) {
    Digest& hash = hashes.emplace_back();
    std::copy_n(AsBytes(bytes).begin(), hash.size(), hash.begin());
  }
  return hashes;
}

TEST_F(AuditTest, BeforeTheFirstExchangeThereIsNoLedger) {
  EXPECT_EQ(Info().ledger_size(), 0);
  EXPECT_EQ(Info().log_vkey(), vault_.ledger().Vkey());
  const auto context = NewContext();
  v1::GetCheckpointResponse response;
  const Outcome outcome = OutcomeOf(audit_->GetCheckpoint(context.get(), {}, &response), *context);
  EXPECT_EQ(outcome.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(outcome.reason, "NO_LEDGER");
}

TEST_F(AuditTest, EntriesAreTheVaultsBytes) {
  Exchange();
  Exchange();
  const auto context = NewContext();
  v1::ListEntriesRequest request;
  request.set_start(1);
  request.set_page_size(3);
  v1::ListEntriesResponse response;
  ASSERT_TRUE(audit_->ListEntries(context.get(), request, &response).ok());
  ASSERT_EQ(response.entries_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(response.entries(i).index(), i + 1);
    EXPECT_EQ(response.entries(i).entry(), vault_.ledger().entries()[static_cast<size_t>(i) + 1]);
  }
  EXPECT_EQ(response.ledger_size(), vault_.ledger().state().size());
}

TEST_F(AuditTest, ProofsVerify) {
  Exchange();
  const Checkpoint old_head = Head();
  for (int i = 0; i < 6; ++i) Exchange();
  const Checkpoint head = Head();
  ASSERT_GT(head.size, old_head.size);
  for (uint64_t index = 0; index < head.size; ++index) {
    const auto context = NewContext();
    v1::GetInclusionProofRequest request;
    request.set_index(static_cast<int64_t>(index));
    v1::GetInclusionProofResponse response;
    ASSERT_TRUE(audit_->GetInclusionProof(context.get(), request, &response).ok());
    EXPECT_EQ(static_cast<uint64_t>(response.size()), head.size);
    const Digest leaf = LeafHash(vault_.ledger().entries()[index]);
    const absl::Status verified =
        VerifyInclusion(index, head.size, leaf, HashesOf(response), head.root);
    EXPECT_TRUE(verified.ok()) << index << ": " << verified;
  }
  const auto context = NewContext();
  v1::GetConsistencyProofRequest request;
  request.set_old_size(static_cast<int64_t>(old_head.size));
  v1::GetConsistencyProofResponse response;
  ASSERT_TRUE(audit_->GetConsistencyProof(context.get(), request, &response).ok());
  const absl::Status verified =
      VerifyConsistency(old_head.size, old_head.root, head.size, head.root, HashesOf(response));
  EXPECT_TRUE(verified.ok()) << verified;
}

TEST_F(AuditTest, ProofsAndEntriesBeyondTheLedgerAreOutOfRange) {
  Exchange();
  const int64_t size = vault_.ledger().state().size();
  auto context = NewContext();
  v1::GetInclusionProofRequest inclusion;
  inclusion.set_index(size);
  v1::GetInclusionProofResponse inclusion_response;
  EXPECT_EQ(
      OutcomeOf(audit_->GetInclusionProof(context.get(), inclusion, &inclusion_response), *context)
          .code,
      grpc::StatusCode::OUT_OF_RANGE);
  context = NewContext();
  v1::GetConsistencyProofRequest consistency;
  consistency.set_old_size(1);
  consistency.set_size(size + 1);
  v1::GetConsistencyProofResponse consistency_response;
  EXPECT_EQ(
      OutcomeOf(audit_->GetConsistencyProof(context.get(), consistency, &consistency_response),
                *context)
          .code,
      grpc::StatusCode::OUT_OF_RANGE);
  context = NewContext();
  v1::ListEntriesRequest list;
  list.set_start(size + 1);
  v1::ListEntriesResponse list_response;
  EXPECT_EQ(OutcomeOf(audit_->ListEntries(context.get(), list, &list_response), *context).code,
            grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(AuditTest, ContestsAndBoardFollowFromTheLedger) {
  Exchange();
  const std::string token = MustJoin(0);
  MustJoin(1);
  ASSERT_TRUE(Upload(token, "a program").ok());
  v1::Submission submission;
  ASSERT_TRUE(Submit(token, SubmitText(0, "a program", "1"), &submission).ok());
  Exchange();
  Exchange(/*level=*/20);

  auto context = NewContext();
  v1::GetContestRequest request;
  request.set_contest("demo");
  v1::GetContestResponse contest;
  ASSERT_TRUE(audit_->GetContest(context.get(), request, &contest).ok());
  EXPECT_EQ(contest.contest().phase(), v1::Contest::PHASE_OPEN);
  EXPECT_EQ(contest.contest().team_count(), 2);
  EXPECT_EQ(contest.contest().last_round(), 3);
  EXPECT_EQ(contest.contest().policy().index(), 2);
  EXPECT_EQ(contest.contest().policy().entry(), vault_.ledger().entries()[2]);
  EXPECT_EQ(contest.contest().dataset().index(), 1);
  EXPECT_EQ(contest.contest().next_exchange_time().seconds(), 1'000'057);

  context = NewContext();
  v1::GetBoardRequest board_request;
  board_request.set_contest("demo");
  v1::GetBoardResponse board;
  ASSERT_TRUE(audit_->GetBoard(context.get(), board_request, &board).ok());
  ASSERT_EQ(board.rows_size(), 2);
  EXPECT_EQ(board.rows(0).team(), "team-0");
  EXPECT_EQ(board.rows(0).rank(), 1);
  EXPECT_EQ(board.rows(0).score(), "0.9");
  EXPECT_EQ(board.rows(0).tries_used(), 1);
  EXPECT_EQ(board.rows(1).rank(), 0);
  EXPECT_EQ(board.rows(1).score(), "-");

  context = NewContext();
  board_request.set_contest("nothing");
  const Outcome outcome =
      OutcomeOf(audit_->GetBoard(context.get(), board_request, &board), *context);
  EXPECT_EQ(outcome.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(outcome.reason, "NOT_FOUND");
}

TEST_F(AuditTest, WatchersSeeEachExchangeWithItsHead) {
  const auto context = NewContext();
  const auto reader = audit_->WatchEntries(context.get(), {});
  int64_t next = 0;
  for (int round = 0; round < 3; ++round) {
    Exchange();
    std::string head;
    while (next < vault_.ledger().state().size()) {
      v1::WatchEntriesResponse response;
      ASSERT_TRUE(reader->Read(&response));
      for (const v1::LedgerEntry& entry : response.entries()) {
        EXPECT_EQ(entry.index(), next);
        EXPECT_EQ(entry.entry(), vault_.ledger().entries()[static_cast<size_t>(next)]);
        ++next;
      }
      head = response.checkpoint();
    }
    EXPECT_EQ(head, vault_.ledger().Checkpoint()) << "the head comes with the last entry it covers";
  }
  context->TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(AuditTest, ALedgerThatCannotBeTrueIsRefusedAndTheOldOneStays) {
  struct Case {
    const char* name;
    testing::FakeVault::Tamper tamper;
  };
  std::string old_head;
  const Case cases[] = {
      {"a vault that was set back",
       [&](std::vector<std::string>& entries, std::string& checkpoint) {
         entries.clear();
         checkpoint = old_head;
       }},
      {"an entry's byte",
       [](std::vector<std::string>& entries, std::string&) { entries.back()[20] ^= 1; }},
      {"an entry twice",
       [](std::vector<std::string>& entries, std::string&) { entries.push_back(entries.back()); }},
      {"an entry left out",
       [](std::vector<std::string>& entries, std::string&) { entries.pop_back(); }},
      {"another key's head",
       [](std::vector<std::string>&, std::string& checkpoint) {
         const auto verifier = NoteVerifier::Create("vault.example/test", TestKey(3).public_key());
         const Checkpoint head = OpenCheckpoint(checkpoint, *verifier).value();
         const auto other = NoteSigner::Create("vault.example/test", TestKey(4));
         checkpoint = SignCheckpoint(head, *other).value();
       }},
      {"another root",
       [](std::vector<std::string>&, std::string& checkpoint) {
         const auto signer = NoteSigner::Create("vault.example/test", TestKey(3));
         Checkpoint head = OpenCheckpoint(checkpoint, signer->verifier()).value();
         head.root[0] ^= 1;
         checkpoint = SignCheckpoint(head, *signer).value();
       }},
  };
  Exchange();
  old_head = vault_.ledger().Checkpoint();
  Exchange();
  const int64_t size = vault_.ledger().state().size();
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    HandOverTampered(test.tamper);
    // The front ends the connection after it raised the alarm.
    EXPECT_FALSE(vault_.ReadBatch().ok());
    const v1::GetServerInfoResponse info = Info();
    EXPECT_NE(info.ledger_alarm(), "");
    EXPECT_EQ(info.ledger_size(), size);
    EXPECT_EQ(Head().size, static_cast<uint64_t>(size));
    // A front that is started again takes the true ledger.
    StopFront();
    StartFront();
    EXPECT_EQ(Info().ledger_alarm(), "");
  }
  Exchange();
}

}  // namespace
}  // namespace pinhole::front
