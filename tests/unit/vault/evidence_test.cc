// The evidence's records have one spelling of one length, and a chain that no changed byte passes.
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "server/storage/migration.h"
#include "server/system/temp_dir.h"
#include "server/vault/evidence_chain.h"
#include "server/vault/migrations.h"

namespace pinhole::vault {
namespace {

RunRecord LargestRun() {
  RunRecord run{.contest = std::string(39, 'a'), .round = INT64_MAX, .admit = INT64_MAX};
  run.answer.fill(0xff);
  RunEvidence& e = run.evidence;
  e = {.outcome = sandbox::Outcome::kForbiddenCall,
       .exit_code = INT64_MAX,
       .signal = INT64_MAX,
       .wall_micros = INT64_MAX,
       .cpu_micros = INT64_MAX,
       .peak_memory_bytes = INT64_MAX,
       .output_bytes = INT64_MAX,
       .ended_ms = INT64_MAX};
  for (Digest* digest : {&e.output, &e.box, &e.build}) digest->fill(0xab);
  return run;
}

RunRecord SomeRun(int64_t admit) {
  RunRecord run{
      .contest = "demo", .round = 3, .admit = admit, .answer = {'L', 1, 0, 7, 0, 9, 0, 5}};
  run.evidence = {.outcome = sandbox::Outcome::kExited,
                  .exit_code = 1,
                  .signal = 2,
                  .wall_micros = 3,
                  .cpu_micros = 4,
                  .peak_memory_bytes = 5,
                  .output_bytes = 6,
                  .output = Sha256("output"),
                  .box = Sha256("box"),
                  .build = Sha256("build"),
                  .ended_ms = 1'700'000'000'000};
  return run;
}

TEST(Evidence, RecordsAreReadAsTheyWereWritten) {
  for (const EvidenceRecord& record : std::vector<EvidenceRecord>{
           SomeRun(41), RunRecord{.contest = "d"},
           AccessRecord{.command = AccessCommand::kList, .user = 0, .at_ms = 5},
           AccessRecord{.command = AccessCommand::kReplay, .user = UINT32_MAX, .admit = 41}}) {
    const auto bytes = Encode(record);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(bytes->size(), kEvidenceBytes);
    const auto read = ParseEvidence(*bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, record);
  }
}

TEST(Evidence, EveryRunFitsHoweverItEnded) {
  const auto bytes = Encode(LargestRun());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto read = ParseEvidence(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(std::get<RunRecord>(*read).evidence.wall_micros, 999'999'999'999'999);
  RunRecord negative = SomeRun(1);
  negative.evidence.exit_code = -1;
  negative.evidence.wall_micros = INT64_MIN;
  EXPECT_EQ(std::get<RunRecord>(*ParseEvidence(*Encode(negative))).evidence.wall_micros, 0);
}

TEST(Evidence, KnowsEveryOutcomeOfABox) {
  for (int i = 0;; ++i) {
    RunRecord run = SomeRun(1);
    run.evidence.outcome = static_cast<sandbox::Outcome>(i);
    if (sandbox::OutcomeName(run.evidence.outcome) == "unknown") {
      EXPECT_EQ(i, static_cast<int>(sandbox::Outcome::kSetupFailed) + 1);
      break;
    }
    const auto bytes = Encode(run);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto read = ParseEvidence(*bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(std::get<RunRecord>(*read), run);
  }
}

TEST(Evidence, OtherTextIsRefused) {
  const std::string run = *Encode(SomeRun(41));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = run;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    text.resize(kEvidenceBytes - 1, ' ');
    return text + "\n";
  };
  for (const std::string& text :
       {std::string(), run + " ", run.substr(1), with("RUN 1", "RUN 2"), with("RUN", "RAN"),
        with("admit=41", "admit=041"), with("admit=41", "admit=-1"), with("exit=", "end="),
        with("demo", "-"), with("exited", "wall limit"), with("exited", "left"),
        with("at_ms=", "more=1 at_ms="), std::string(kEvidenceBytes, ' ')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseEvidence(text).status())) << text;
  }
}

class Chain : public ::testing::Test {
 protected:
  static constexpr int kRecords = 5;

  void SetUp() override {
    ASSERT_TRUE(storage::ApplyMigrations(database_, Migrations()).ok());
    EvidenceChain chain = *EvidenceChain::Open(database_);
    for (int i = 0; i < kRecords; ++i) {
      storage::Transaction transaction = *storage::Transaction::Begin(database_);
      const EvidenceRecord record =
          i == 3 ? EvidenceRecord(AccessRecord{.command = AccessCommand::kShow, .admit = 1})
                 : EvidenceRecord(SomeRun(i));
      ASSERT_TRUE(chain.Append(transaction, record).ok());
      ASSERT_TRUE(transaction.CommitUnlogged().ok());
    }
  }

  absl::StatusOr<EvidenceRoot> Root(int64_t most = INT64_MAX) {
    EvidenceChain chain = *EvidenceChain::Open(database_);
    return chain.Read([](int64_t, const EvidenceRecord&) { return absl::OkStatus(); }, most);
  }

  // What somebody may do who has the file: the triggers are no protection against him.
  void Tamper(std::string_view sql) {
    storage::Transaction transaction = *storage::Transaction::Begin(database_);
    ASSERT_TRUE(database_
                    .Execute("DROP TRIGGER IF EXISTS evidence_never_changes; "
                             "DROP TRIGGER IF EXISTS evidence_never_goes")
                    .ok());
    const absl::Status done = database_.Execute(sql);
    ASSERT_TRUE(done.ok()) << done;
    ASSERT_TRUE(transaction.CommitUnlogged().ok());
  }

  // Turns the bits of one byte; twice is as it was. Inside a transaction.
  void Flip(const std::string& column, int number, size_t byte) {
    storage::Statement read = *database_.Prepare(
        absl::StrFormat("SELECT %s FROM evidence WHERE number = %d", column, number));
    ASSERT_TRUE(*read.Step());
    std::string bytes(AsText(read.Blob(0)));
    read.Reset();
    bytes[byte] = static_cast<char>(~bytes[byte]);
    storage::Statement write = *database_.Prepare(
        absl::StrFormat("UPDATE evidence SET %s = ?1 WHERE number = %d", column, number));
    write.BindBlob(1, AsBytes(bytes));
    ASSERT_TRUE(write.Run().ok());
  }

  TempDir folder_ = *TempDir::Make();
  storage::Database database_ =
      *storage::Database::Open(folder_.path() + "/vault.db", storage::Mode::kCreate);
};

TEST_F(Chain, IsWhatItsDefinitionSays) {
  Digest chain{};
  for (int i = 0; i < 3; ++i) {
    const std::string record = *Encode(SomeRun(i));
    chain = Sha256(std::string(AsText(chain)) + record);
  }
  EXPECT_EQ(*Root(3), (EvidenceRoot{.size = 3, .chain = chain}));
  EXPECT_EQ(Root()->size, kRecords);
  EXPECT_EQ(Root(0)->chain, Digest{});
}

TEST_F(Chain, FindsEveryFlippedByte) {
  const EvidenceRoot whole = *Root();
  Tamper("");
  const storage::Transaction transaction = *storage::Transaction::Begin(database_);
  for (int number = 1; number <= kRecords; ++number) {
    for (const auto& [column, bytes] :
         {std::pair<std::string, size_t>{"record", kEvidenceBytes}, {"chain", Digest{}.size()}}) {
      for (size_t byte = 0; byte < bytes; ++byte) {
        Flip(column, number, byte);
        const absl::Status status = Root().status();
        ASSERT_TRUE(absl::IsDataLoss(status)) << column << " " << number << " byte " << byte;
        ASSERT_NE(status.message().find(absl::StrFormat("record %d ", number)), std::string::npos)
            << status;
        Flip(column, number, byte);
      }
    }
  }
  EXPECT_EQ(*Root(), whole);
}

TEST_F(Chain, FindsWhatIsMissingMovedOrPutIn) {
  const EvidenceRoot whole = *Root();
  for (const char* sql :
       {"DELETE FROM evidence WHERE number = 1", "DELETE FROM evidence WHERE number = 3",
        "UPDATE evidence SET number = 9 WHERE number = 5",
        "UPDATE evidence SET number = -2 WHERE number = 2; UPDATE evidence SET number = 2 WHERE "
        "number = 3; UPDATE evidence SET number = 3 WHERE number = -2",
        "INSERT INTO evidence (number, record, chain) SELECT 0, record, chain FROM evidence WHERE "
        "number = 1",
        "INSERT INTO evidence (number, record, chain) SELECT 6, record, chain FROM evidence WHERE "
        "number = 5"}) {
    const TempDir folder = *TempDir::Make();
    TearDown();
    database_ = *storage::Database::Open(folder.path() + "/vault.db", storage::Mode::kCreate);
    SetUp();
    ASSERT_EQ(*Root(), whole);
    Tamper(sql);
    EXPECT_TRUE(absl::IsDataLoss(Root().status())) << sql;
  }
  // The last ones taken off: only who remembers a root can tell.
  Tamper("DELETE FROM evidence WHERE number > 4");
}

TEST_F(Chain, IsAppendOnlyToStatements) {
  for (const char* sql : {"UPDATE evidence SET chain = x'00'", "DELETE FROM evidence"}) {
    storage::Transaction transaction = *storage::Transaction::Begin(database_);
    EXPECT_FALSE(database_.Execute(sql).ok()) << sql;
  }
  EXPECT_EQ(Root()->size, kRecords);
}

}  // namespace
}  // namespace pinhole::vault
