// The vault on a disk that is full at the n-th write, for every n: refused at admission or stopped,
// the ledger whole, and after room was made the same submissions end as if nothing had been.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "server/core/base/status.h"
#include "server/core/pipe/frames.h"
#include "server/core/score/answer.h"
#include "server/system/files.h"
#include "server/system/random.h"
#include "server/system/temp_dir.h"
#include "server/vault/folder.h"
#include "server/vault/vault.h"
#include "tests/support/failing_disk.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::vault {
namespace {

using pipe::ToVaultType;
using testing::Fullness;

constexpr int kMostRounds = 8;
constexpr int64_t kOutputBytes = 64 << 10;

Answer AnswerOf(int level) {
  Answer answer = {'L', 1, 0, static_cast<uint8_t>(level), 0, static_cast<uint8_t>(level), 0, 0};
  answer.back() = score::AnswerCheck(answer);
  return answer;
}

NoteSigner Signer() { return *NoteSigner::Create("vault.example/test", testing::TestKey(3)); }

// Two programs of one team, the second better.
const std::vector<std::string> kPrograms = {std::string(9000, 'a'), std::string(5000, 'b')};

class Story {
 public:
  explicit Story(std::string folder) : layout_{std::move(folder)} {
    for (const std::string& path :
         {layout_.private_directory(), layout_.programs(), layout_.evidence()}) {
      EXPECT_TRUE(MakeDirectory(path, 0700).ok());
    }
    EXPECT_TRUE(storage::Database::Open(layout_.database(), storage::Mode::kCreate).ok());
    EXPECT_TRUE(OpenDatabase(layout_).ok());
    testing::LedgerBuilder builder;
    builder.Start();
    builder.Dataset();
    contest::Policy policy = testing::DemoPolicy();
    policy.rounds.lanes = 4;
    policy.limits.output_bytes = kOutputBytes;
    builder.OpenContest(policy);
    dataset_ = builder.entries()[1];
    policy_ = builder.entries()[2];
  }

  // One life of a vault: from its start until both results are out, or `kMostRounds` rounds passed,
  // or an error ends it.
  absl::Status Live() {
    ASSIGN_OR_RETURN(storage::Database database, OpenDatabase(layout_));
    ASSIGN_OR_RETURN(Vault vault, Vault::Open(database, Signer(), layout_));
    RETURN_IF_ERROR(vault.Start(Sha256("a build"), RandomBytes<32>()));
    if (vault.state().Find("demo") == nullptr) {
      Proposals proposals(database);
      ASSIGN_OR_RETURN(const std::vector<Proposal> waiting, proposals.Waiting());
      if (waiting.empty() && !vault.state().dataset().has_value())
        RETURN_IF_ERROR(proposals.Add(ProposalKind::kDataset, "-", dataset_).status());
      if (waiting.size() < 2)
        RETURN_IF_ERROR(proposals.Add(ProposalKind::kPolicy, "demo", policy_).status());
      RETURN_IF_ERROR(vault.Exchange(ExchangeKind::kIdle, {}, 0));
    }
    for (int i = 0; i < kMostRounds && !Finished(vault.state()); ++i) RETURN_IF_ERROR(Round(vault));
    return absl::OkStatus();
  }

  // What must hold of what is stored, whenever it can be read.
  void Check() {
    storage::Database database = *OpenDatabase(layout_);
    const auto vault = Vault::Open(database, Signer(), layout_);  // replays, and checks the head
    ASSERT_TRUE(vault.ok()) << vault.status();
    const replay::Contest* contest = vault->state().Find("demo");
    if (contest == nullptr) return;
    EXPECT_LE(contest->admissions.size(), kPrograms.size());
    RunStore runs = *RunStore::Open(database);
    for (const auto& [index, admission] : contest->admissions) {
      const auto slot = runs.Slot(index);
      ASSERT_TRUE(slot.ok()) << slot.status();
      struct stat found {};
      ASSERT_EQ(::stat(layout_.predictions(slot->container).c_str(), &found), 0)
          << "no room was taken";
      EXPECT_GE(found.st_size, slot->offset + kOutputBytes);
      EXPECT_GE(found.st_blocks * 512, slot->offset + kOutputBytes);
    }
  }

  void CheckEnd() {
    storage::Database database = *OpenDatabase(layout_);
    const auto vault = Vault::Open(database, Signer(), layout_);
    ASSERT_TRUE(vault.ok()) << vault.status();
    const replay::Contest& contest = *vault->state().Find("demo");
    ASSERT_EQ(contest.teams.size(), 1U);
    EXPECT_EQ(contest.teams[0].tries_used, 2) << "a refusal for want of room costs no try";
    std::multiset<std::string> texts;
    for (const auto& [index, admission] : contest.admissions) texts.insert(admission.result->text);
    EXPECT_EQ(texts, (std::multiset<std::string>{"0.85", "0.9"}));
  }

 private:
  static bool Finished(const replay::LedgerState& state) {
    const replay::Contest* contest = state.Find("demo");
    if (contest == nullptr || contest->admissions.size() < kPrograms.size()) return false;
    return contest->due.empty();
  }

  // An honest front sends what the ledger does not show yet, one program a round.
  void Send(const replay::LedgerState& state, Intake& intake) const {
    const auto take = [&](ToVaultType type, const std::string& payload) {
      EXPECT_TRUE(intake.Take(pipe::EncodeToVault({type, payload})).ok());
    };
    take(ToVaultType::kHello, pipe::EncodeHello(0));
    const replay::Contest& contest = *state.Find("demo");
    if (contest.teams.empty()) {
      const SigningKey once = testing::TestKey(100);
      take(ToVaultType::kRequest,
           pipe::Encode(pipe::SignJoin(
               once, testing::TestKey(10),
               pipe::SignInvitation(testing::TestKey(1), "demo", "ada", once.public_key()))));
    }
    // The first program comes first, so that both improve.
    const size_t next = contest.admissions.size();
    if (next < kPrograms.size() && contest.due.empty()) {
      const std::string& program = kPrograms[next];
      pipe::SubmitRequest request{.contest = "demo",
                                  .policy = contest.policy_digest,
                                  .program = Sha256(program),
                                  .program_bytes = static_cast<int64_t>(program.size())};
      request.request_id[0] = static_cast<uint8_t>(next);
      take(ToVaultType::kRequest, pipe::Encode(pipe::SignSubmit(testing::TestKey(10), request)));
      for (size_t at = 0; at < program.size(); at += pipe::kToVaultPayload)
        take(ToVaultType::kProgram, program.substr(at, pipe::kToVaultPayload));
    }
    take(ToVaultType::kEnd, "");
  }

  absl::Status Round(Vault& vault) const {
    ASSIGN_OR_RETURN(const std::vector<DueRun> due, vault.DueRuns());
    for (const DueRun& run : due) {
      ASSIGN_OR_RETURN(const std::string program, ReadFile(run.program_path));
      const auto which = std::find(kPrograms.begin(), kPrograms.end(), program);
      EXPECT_NE(which, kPrograms.end()) << "a program was stored in part";
      const int level = which == kPrograms.begin() ? 20 : 10;
      RETURN_IF_ERROR(
          vault.CommitRun(run.admit, AnswerOf(level), {.outcome = sandbox::Outcome::kExited}));
    }
    Intake intake(vault.state(), layout_.programs());
    Send(vault.state(), intake);
    return vault.Exchange(ExchangeKind::kRound, intake.arrived(), 0);
  }

  Layout layout_;
  std::string dataset_;
  std::string policy_;
};

class DiskFull : public ::testing::TestWithParam<Fullness> {};

TEST_P(DiskFull, AtEveryWriteLosesNothing) {
  int points = 0;
  std::set<std::string> kinds;
  for (int n = 1;; ++n) {
    SCOPED_TRACE(n);
    const TempDir folder = *TempDir::Make();
    Story story(folder.path());
    testing::FillDisk(folder.path(), n, GetParam());
    const absl::Status life = story.Live();
    const int passed = testing::RepairDisk();
    const std::string write = testing::FailedWrite();
    SCOPED_TRACE(write);
    if (write.empty()) {
      points = passed;
      EXPECT_TRUE(life.ok()) << life;
      story.CheckEnd();
      break;
    }
    kinds.insert(write.substr(0, write.find(' ')));
    // Whole or not at all; and the word for it is a full disk's.
    // (SQLite has none when it cannot make its files at a start; the operator is asked to look.)
    // Nor is a sync that fails any other to it than a broken disk.
    const bool sync = write.find("sync") != std::string::npos;
    EXPECT_TRUE(life.ok() || absl::IsResourceExhausted(life) || absl::IsUnavailable(life) ||
                (sync && absl::IsInternal(life)))
        << life;
    story.Check();
    for (int lives = 0; lives < 2; ++lives) {
      const absl::Status again = story.Live();
      ASSERT_TRUE(again.ok()) << again;
    }
    story.CheckEnd();
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%d write points of the vault, of the kinds", points);
  for (const std::string& kind : kinds) std::printf(" %s", kind.c_str());
  std::printf("\n");
  EXPECT_GT(points, 60);
  for (const char* kind : {"create", "write", "fsync", "fallocate", "rename"})
    EXPECT_TRUE(kinds.contains(kind)) << kind;
}

INSTANTIATE_TEST_SUITE_P(Fullness, DiskFull, ::testing::Values(Fullness::kOnce, Fullness::kForGood),
                         [](const auto& way) {
                           return way.param == Fullness::kOnce ? "Once" : "ForGood";
                         });

// A real disk of 1 MiB: below the room to keep, nothing is admitted, and a run's output fits
// whatever else filled the disk.
void OnASmallDisk(const std::string& folder) {
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ(::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=1m,mode=0700"), 0);
  const std::string path = folder + "/predictions";
  UniqueFd file = *CreateForWrite(path, 0600);
  ASSERT_TRUE(ReserveSpace(file.get(), 64 << 10).ok());
  struct stat found {};
  ASSERT_EQ(::fstat(file.get(), &found), 0);
  EXPECT_EQ(found.st_size, 0);
  const int64_t free = *FreeBytes(folder);
  // Somebody fills the rest.
  UniqueFd other = *CreateForWrite(folder + "/other", 0600);
  const std::string block(4096, 'x');
  while (::write(other.get(), block.data(), block.size()) == static_cast<ssize_t>(block.size())) {
  }
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(*FreeBytes(folder), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(ReserveSpace(other.get(), 1 << 20)));
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ(::write(file.get(), block.data(), block.size()), 4096) << "the room was taken";
  // And what a run wrote cannot be told from the free space.
  EXPECT_EQ(::ftruncate(other.get(), 0), 0);
  EXPECT_EQ(*FreeBytes(folder), free);
}

TEST(DiskFull, RoomTakenAtAdmissionIsThereForTheRun) {
  if (::geteuid() != 0) {
    if (std::getenv("PINHOLE_MUST_WORK") != nullptr) FAIL() << "mounting needs root";
    GTEST_SKIP() << "mounting needs root";
  }
  const TempDir folder = *TempDir::Make();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    OnASmallDisk(folder.path());
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(DiskFull, BelowTheRoomToKeepNothingIsAdmitted) {
  const TempDir folder = *TempDir::Make();
  testing::LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  builder.OpenContest(testing::DemoPolicy());
  builder.Release();
  builder.Join("ada");
  builder.EndRound();
  const std::string program = "program";
  const pipe::SubmitRequest request = builder.Request("ada", program);
  for (const auto& [keep_free, arrived] :
       {std::pair<int64_t, size_t>{0, 1}, {*FreeBytes(folder.path()) + (1 << 30), 0}}) {
    Intake intake(builder.state(), folder.path(), keep_free);
    for (const pipe::ToVaultFrame& frame :
         {pipe::ToVaultFrame{ToVaultType::kHello, pipe::EncodeHello(0)},
          pipe::ToVaultFrame{ToVaultType::kRequest, pipe::Encode(request)},
          pipe::ToVaultFrame{ToVaultType::kProgram, program},
          pipe::ToVaultFrame{ToVaultType::kEnd, ""}}) {
      EXPECT_TRUE(intake.Take(pipe::EncodeToVault(frame)).ok());
    }
    EXPECT_EQ(intake.arrived().size(), arrived);
    EXPECT_EQ(intake.dropped_for_room(), arrived == 0 ? 1 : 0);
  }
}

}  // namespace
}  // namespace pinhole::vault
