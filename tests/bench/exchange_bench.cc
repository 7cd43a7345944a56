// One exchange of the vault, results and admissions of many submissions in one durable transaction,
// beside one fdatasync of the bytes that it appends.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/log/entry_text.h"
#include "server/core/pipe/frames.h"
#include "server/core/score/answer.h"
#include "server/storage/migration.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "server/vault/intake.h"
#include "server/vault/migrations.h"
#include "server/vault/vault.h"
#include "tests/bench/suite.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::bench {
namespace {

constexpr int kTeams = 50;
constexpr int kLevel = 20;  // what every run reaches
constexpr size_t kProgramBytes = 4096;
constexpr int64_t kOutputBytes = int64_t{64} << 10;

void Must(const absl::Status& status, std::string_view what) {
  if (!status.ok()) Fail(absl::StrFormat("%s: %s", what, status.ToString()));
}
template <typename T>
T Value(absl::StatusOr<T> result, std::string_view what) {
  Must(result.status(), what);
  return *std::move(result);
}

// A round has room for all; of a team those of one exchange may wait while those of the next come.
contest::Policy PolicyFor(int submissions, int exchanges) {
  contest::Policy policy = testing::DemoPolicy();
  policy.release.teams = kTeams;
  policy.release.tries = exchanges * submissions / kTeams;
  policy.release.shown_scores = 5;
  policy.release.waiting = 2 * submissions / kTeams;
  policy.rounds.lanes = 10;
  policy.limits.wall_ms = 1'000;
  policy.limits.cpu_seconds = 4;
  policy.rounds.run_window_ms = 5'000 * (submissions / 10);
  policy.rounds.length_ms = policy.rounds.run_window_ms + 60'000;
  policy.limits.output_bytes = kOutputBytes;
  return policy;
}

SigningKey TeamKey(int team) { return testing::TestKey(static_cast<uint8_t>(10 + team)); }

vault::Answer AnswerOf(int level) {
  vault::Answer answer = {'L', 1, 0, static_cast<uint8_t>(level), 0, static_cast<uint8_t>(level),
                          0,   0};
  answer.back() = score::AnswerCheck(answer);
  return answer;
}

// A vault with an open contest, and submissions that come to it.
class World {
 public:
  World(int submissions, int exchanges)
      : submissions_(submissions),
        folder_(Value(TempDir::Make(), "a folder")),
        layout_{folder_.path()},
        database_(MakeDatabase()),
        vault_(Value(vault::Vault::Open(database_, Signer(), layout_), "the vault")) {
    OpenContest(exchanges);
  }
  // A second reading of the whole ledger comes to the same root.
  ~World() {
    replay::LedgerState again;
    for (const std::string& entry :
         Value(vault_.ledger().Entries(0, vault_.ledger().size()), "the entries")) {
      Must(again.Apply(entry), "replay");
    }
    Check(again.Root() == vault_.state().Root(), "the replayed ledger has another root");
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const vault::Layout& layout() const { return layout_; }
  const std::vector<std::string>& requests() const { return requests_; }

  // A batch's frames, as a front sends them: each submission with a program of its own.
  void NextRequests() {
    frames_.clear();
    requests_.clear();
    frames_.push_back(pipe::EncodeToVault(
        {pipe::ToVaultType::kHello, pipe::EncodeHello(vault_.ledger().size())}));
    for (int i = 0; i < submissions_; ++i) {
      std::string program(kProgramBytes, 'x');
      std::memcpy(program.data(), &number_, sizeof(number_));
      requests_.push_back(pipe::Encode(NextRequest(i, program)));
      frames_.push_back(pipe::EncodeToVault({pipe::ToVaultType::kRequest, requests_.back()}));
      for (size_t at = 0; at < program.size(); at += pipe::kToVaultPayload) {
        frames_.push_back(pipe::EncodeToVault(
            {pipe::ToVaultType::kProgram, program.substr(at, pipe::kToVaultPayload)}));
      }
    }
    frames_.push_back(pipe::EncodeToVault({pipe::ToVaultType::kEnd, ""}));
  }

  void TakeIn() {
    vault::Intake intake(vault_.state(), layout_.programs());
    for (const std::string& frame : frames_) Must(intake.Take(frame), "intake");
    Check(intake.ended(), "the batch has no end");
    arrived_ = intake.arrived();
    Check(static_cast<int>(arrived_.size()) == submissions_, "not every submission arrived");
  }

  // As many submissions, without their programs: for exchanges whose intake is not looked at.
  void ArriveWithoutPrograms() {
    arrived_.clear();
    for (int i = 0; i < submissions_; ++i) {
      const std::string program(reinterpret_cast<const char*>(&number_), sizeof(number_));
      arrived_.push_back({.request = NextRequest(i, program)});
    }
  }

  void EndRuns() {
    const auto runs = Value(vault_.DueRuns(), "the runs");
    Check(static_cast<int>(runs.size()) == submissions_, "not every run is due");
    for (const vault::DueRun& run : runs)
      Must(vault_.CommitRun(run.admit, AnswerOf(kLevel), {}), "commit a run");
  }

  // The same ends in one transaction and a vault opened anew, for as many runs that each commit of
  // its own would take too long: they are not what is looked at.
  void EndRunsTogether() {
    const auto runs = Value(vault_.DueRuns(), "the runs");
    Check(static_cast<int>(runs.size()) == submissions_, "not every run is due");
    auto chain = Value(vault::EvidenceChain::Open(database_), "the evidence");
    auto transaction = Value(storage::Transaction::Begin(database_), "a transaction");
    for (const vault::DueRun& run : runs) {
      Must(chain.Append(
               transaction,
               vault::RunRecord{.contest = "demo", .admit = run.admit, .answer = AnswerOf(kLevel)}),
           "append a record");
    }
    Must(transaction.CommitUnlogged(), "commit the runs");
    vault_ = Value(vault::Vault::Open(database_, Signer(), layout_), "the vault");
  }

  // Admits what arrived and releases what the exchange before admitted.
  void Exchange() {
    const int64_t before = vault_.ledger().size();
    const replay::Contest& contest = *vault_.state().Find("demo");
    const auto due = contest.due.find(contest.NextRound());
    const size_t results = due == contest.due.end() ? 0 : due->second.size();
    Must(vault_.Exchange(vault::ExchangeKind::kRound, arrived_, 0), "exchange");
    Check(static_cast<size_t>(vault_.ledger().size() - before) == results + arrived_.size() + 1,
          "entries are missing");
    arrived_.clear();
  }

  void Checkpoint() { Must(vault_.Checkpoint(), "checkpoint"); }

  // What the gate must show: the first of a team its level, the others nothing new.
  void CheckRound() {
    EndRunsTogether();
    Exchange();
    for (const replay::Team& team : vault_.state().Find("demo")->teams) {
      Check(team.best_level == kLevel && team.state.scores == 4, "another level was shown");
      Check(team.waiting == 0, "a result is missing");
    }
    Forget();
  }

  // Files of rounds that are over, so that the disk does not fill.
  void Forget() {
    for (const std::string& path : {layout_.programs(), layout_.evidence()}) {
      for (const auto& file : std::filesystem::directory_iterator(path)) {
        std::filesystem::remove(file.path());
      }
    }
  }

 private:
  static NoteSigner Signer() {
    return Value(NoteSigner::Create("vault.example/test", testing::TestKey(3)), "a signer");
  }

  storage::Database MakeDatabase() const {
    for (const std::string& path :
         {layout_.private_directory(), layout_.programs(), layout_.evidence()}) {
      Must(MakeDirectory(path, 0700), "a folder");
    }
    storage::Database database =
        Value(storage::Database::Open(layout_.database(), storage::Mode::kCreate), "the database");
    Must(storage::ApplyMigrations(database, vault::Migrations()), "migrate");
    return database;
  }

  void OpenContest(int exchanges) {
    testing::LedgerBuilder builder;
    builder.Start();
    builder.Dataset();
    builder.OpenContest(PolicyFor(submissions_, exchanges));
    Must(vault_.Start(Sha256("a build"), log::Nonce{7}), "start");
    vault::Proposals proposals(database_);
    Must(proposals.Add(vault::ProposalKind::kDataset, "-", builder.entries()[1]).status(), "data");
    Must(proposals.Add(vault::ProposalKind::kPolicy, "demo", builder.entries()[2]).status(),
         "policy");
    Must(vault_.Exchange(vault::ExchangeKind::kIdle, {}, 0), "open");
    std::vector<vault::Arrived> joins;
    for (int team = 0; team < kTeams; ++team) {
      const SigningKey once = testing::TestKey(static_cast<uint8_t>(100 + team));
      joins.push_back(
          {.request = pipe::SignJoin(
               once, TeamKey(team),
               pipe::SignInvitation(testing::TestKey(1), "demo", absl::StrFormat("team-%d", team),
                                    once.public_key()))});
    }
    Must(vault_.Exchange(vault::ExchangeKind::kRound, joins, 0), "join");
    Check(vault_.state().Find("demo")->teams.size() == kTeams, "not every team joined");
  }

  // The i-th of a batch; teams take turns.
  pipe::SubmitRequest NextRequest(int i, const std::string& program) {
    pipe::SubmitRequest request{.contest = "demo",
                                .policy = vault_.state().Find("demo")->policy_digest,
                                .program = Sha256(program),
                                .program_bytes = static_cast<int64_t>(program.size())};
    std::memcpy(request.request_id.data(), &number_, sizeof(number_));
    ++number_;
    return pipe::SignSubmit(TeamKey(i % kTeams), request);
  }

  int submissions_;
  TempDir folder_;
  vault::Layout layout_;
  storage::Database database_;
  vault::Vault vault_;
  uint64_t number_ = 1;
  std::vector<std::string> frames_;
  std::vector<std::string> requests_;
  std::vector<vault::Arrived> arrived_;
};

class ExchangeFixture final : public Fixture {
 public:
  explicit ExchangeFixture(Suite& suite)
      : submissions_(static_cast<int>(suite.Pick(1'000, 100))),
        results_(static_cast<int>(suite.Pick(10'000, 200))),
        mixed_(submissions_, suite.repetitions() + 3),
        many_(results_, suite.repetitions() + 3),
        folder_(Value(TempDir::Make(), "a folder")) {
    mixed_.NextRequests();
    mixed_.TakeIn();
    mixed_.Exchange();  // admits the first; the next exchange releases them
    mixed_.CheckRound();
    mixed_.NextRequests();
    mixed_.TakeIn();
    mixed_.Exchange();
    many_.ArriveWithoutPrograms();
    many_.Exchange();
    many_.CheckRound();
    AddCases(suite);
    AddRows(suite);
  }

 private:
  void WriteOut(size_t bytes) {
    const UniqueFd file = Value(CreateForWrite(FloorPath(), 0600), "a file");
    Must(WriteAll(file.get(), AsBytes(std::string(bytes, 'x')), Deadline::Never()), "write");
    Check(::fdatasync(file.get()) == 0, "fdatasync");
  }
  std::string FloorPath() const { return folder_.path() + "/floor"; }

  // Room for the predictions of an exchange's runs, as its admissions take it.
  void Reserve() {
    const UniqueFd file = Value(CreateForWrite(folder_.path() + "/reserved", 0600), "a file");
    Check(::posix_fallocate(file.get(), 0, submissions_ * kOutputBytes) == 0, "fallocate");
  }

  static void Hash(int entries) {
    const std::string entry(log::kEntryBytes, 'x');
    for (int i = 0; i < entries; ++i) Check(Sha256(entry) != Digest{}, "no hash");
  }
  static void Sign() { Check(testing::TestKey(3).Sign("head") != Signature{}, "no signature"); }

  void AddCases(Suite& suite) {
    const auto add = [&](std::string name, double amount, std::function<void()> run,
                         std::function<void()> prepare = nullptr) {
      suite.Add(Case{.name = std::move(name),
                     .amount = amount,
                     .unit = "submissions",
                     .run = std::move(run),
                     .prepare = std::move(prepare)});
    };
    const auto forget = [this] { ::unlink(FloorPath().c_str()); };
    add(
        "intake", submissions_, [this] { mixed_.TakeIn(); }, [this] { mixed_.NextRequests(); });
    add("verify", submissions_, [this] {
      for (const std::string& request : mixed_.requests())
        Must(pipe::ParseRequest(request).status(), "request");
    });
    // Admits what the intake took in and releases what the turn before admitted.
    add(
        "exchange", submissions_, [this] { mixed_.Exchange(); },
        [this] {
          mixed_.EndRuns();
          mixed_.Checkpoint();
        });
    add("checkpoint", submissions_, [this] { mixed_.Checkpoint(); });
    const int mixed_entries = 2 * submissions_ + 1;
    add(
        "sync", submissions_,
        [=, this] { WriteOut(static_cast<size_t>(mixed_entries) * log::kEntryBytes); }, forget);
    add(
        "reserve", submissions_, [this] { Reserve(); },
        [this] { ::unlink((folder_.path() + "/reserved").c_str()); });
    add("hash", submissions_, [=] { Hash(mixed_entries); });
    add("sign", submissions_, [] { Sign(); });

    add(
        "results", results_, [this] { many_.Exchange(); },
        [this] {
          many_.Forget();
          many_.ArriveWithoutPrograms();
          many_.Exchange();
          many_.EndRunsTogether();
          many_.Checkpoint();
        });
    const int result_entries = results_ + 1;
    add(
        "seal", results_,
        [=, this] {
          Hash(result_entries);
          Sign();
          WriteOut(static_cast<size_t>(result_entries) * log::kEntryBytes);
        },
        forget);
    add("results-hash", results_, [=] { Hash(result_entries); });
  }

  void AddRows(Suite& suite) const {
    const std::string count = absl::StrFormat("%d", submissions_);
    suite.Add(Row{
        .what = "exchange: " + count + " results and " + count + " admissions, signed, committed",
        .subject = "exchange",
        .floor = "sync",
        .floor_text = "write and fdatasync of the same bytes",
        .aim = Aim::kAtMost});
    const auto part = [&](std::string what, std::string name) {
      suite.Add(Row{.what = "of it: " + what,
                    .subject = std::move(name),
                    .floor = "exchange",
                    .floor_text = "the whole exchange",
                    .aim = Aim::kAtMost});
    };
    part("room for the runs' predictions", "reserve");
    part("SHA-256 of the entries", "hash");
    part("one Ed25519 signature", "sign");
    suite.Add(Row{.what = "after its hand-over: the log's pages moved into the database's file",
                  .subject = "checkpoint",
                  .floor = "exchange",
                  .floor_text = "the whole exchange",
                  .aim = Aim::kAtMost});
    suite.Add(
        Row{.what = absl::StrFormat("exchange: %d results, signed, committed", results_),
            .subject = "results",
            .floor = "seal",
            .floor_text = "SHA-256, one Ed25519 signature, write and fdatasync of the same bytes",
            .aim = Aim::kAtMost,
            .ratio_aim = 3});
    suite.Add(Row{.what = "of its floor: SHA-256 of the entries",
                  .subject = "results-hash",
                  .floor = "seal",
                  .floor_text = "the whole floor",
                  .aim = Aim::kAtMost});
    suite.Add(Row{
        .what = "intake before it: " + count + " signed submissions with programs of 4 KiB, stored",
        .subject = "intake",
        .floor = "verify",
        .floor_text = "parsing them and verifying their Ed25519 signatures",
        .aim = Aim::kAtMost});
  }

  int submissions_;
  int results_;
  World mixed_;
  World many_;
  TempDir folder_;
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<ExchangeFixture>(suite); }

}  // namespace pinhole::bench
