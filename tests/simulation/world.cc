#include "tests/simulation/world.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/core/base/status.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "server/system/unix_socket.h"
#include "server/vault/folder.h"
#include "server/vault/serve.h"
#include "tests/simulation/front.h"
#include "tests/simulation/ground.h"
#include "tests/simulation/organizer.h"
#include "tests/simulation/properties.h"
#include "tests/simulation/wrapped_calls.h"

namespace pinhole::simulation {
namespace {

constexpr int kMostLives = 40;
constexpr int kIdleExchanges = 3;  // after the contest's end
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

std::string Content(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::vector<std::string> Spoilt(std::vector<std::string> entries, Mutant mutant) {
  const auto result = std::find_if(entries.begin(), entries.end(), [](const std::string& entry) {
    return log::EntryType(entry) == "RESULT";
  });
  if (result == entries.end()) return entries;
  if (mutant == Mutant::kLoseResult) entries.erase(result);
  if (mutant == Mutant::kChargeNothing) {
    constexpr std::string_view kField = " charge_bits=";
    const size_t begin = result->find(kField) + kField.size();
    const size_t length = result->find(' ', begin) - begin;
    result->replace(begin, length, "0.000");
    result->insert(result->size() - 1, length - 5, ' ');  // entries of a type are equally long
  }
  return entries;
}

// All that stays when the vault's process ends; its clock, its pace and its runner too.
class World final : public WallClock, public vault::Pace, public vault::AnyRunner {
 public:
  explicit World(const Setting& setting)
      : setting_(setting),
        world_(MakePublicWorld(setting.seed)),
        random_(Random(setting.private_seed).Branch(3)),
        trouble_(Random(setting.seed).Branch(4)),
        front_(world_, setting.seed, Ground::Get().socket()),
        stall_(setting.stall) {
    Ground::Get().Reset();
    Hooks().sent = [this](std::string_view bytes) {
      See(std::string(bytes));
      front_.Receive();
    };
    Hooks().reading = [this] {
      absl::SleepFor(std::exchange(stall_, absl::ZeroDuration()));
      front_.Refill();
    };
    Hooks().log_fd = kLogFd;
    Hooks().logged = [this](std::string_view line) { See(std::string(line)); };
    disk_.TrustLogs(setting_.mutant == Mutant::kTrustLogs);
    disk_.OnDeath([this] { front_.Cut(); });
  }
  ~World() override {
    Hooks() = {};
    Disk::Get().Reset("");
  }

  Outcome Play() {
    for (int life = 0; life < kMostLives && !over_ && outcome_.violation.empty(); ++life) {
      ++outcome_.counts.lives;
      if (setting_.faults) Arm();
      outcome_.disk_failed = setting_.faults;
      const absl::Status end = Live(life);
      Ended(end);
    }
    if (outcome_.violation.empty()) Examine();
    outcome_.counts.sent = front_.sent_submissions();
    return std::move(outcome_);
  }

  // WallClock
  int64_t NowUnixMs() const override { return now_ms_; }

  // Pace
  bool WaitFor(absl::Duration wait) const override {
    return const_cast<World*>(this)->Pass(absl::ToInt64Milliseconds(wait));
  }
  void Hold(absl::Duration wait) const override {
    auto* self = const_cast<World*>(this);
    if (disk_.alive()) self->front_.Act();
    self->now_ms_ += absl::ToInt64Milliseconds(wait);
    if (setting_.mutant == Mutant::kReleaseWhenDone)
      self->ahead_ms_ += absl::ToInt64Milliseconds(wait);
  }

  // AnyRunner
  absl::Status RunAll(
      const contest::Policy& policy, const std::vector<vault::DueRun>& due, int64_t /*deadline*/,
      const std::function<absl::Status(const vault::FinishedRun&)>& commit) override;

 private:
  static constexpr int kLogFd = 1 << 20;  // no descriptor: its writes come to Hooks().logged

  struct Ending {
    int64_t admit = 0;
    int64_t at_ms = 0;
    Fate fate;
  };

  void See(std::string what) {
    if (!disk_.alive()) return;
    outcome_.seen.events.push_back({.unix_ms = now_ms_ - ahead_ms_, .what = std::move(what)});
  }
  void Violated(std::string what) {
    if (outcome_.violation.empty()) outcome_.violation = std::move(what);
  }
  bool Asked() const { return !disk_.alive() || over_ || now_ms_ >= stop_at_ms_; }
  bool Pass(int64_t wait_ms);
  void Arm();
  Fault FailedSync();
  absl::Status Live(int life);
  absl::Status Propose(storage::Database& database, const replay::LedgerState& state);
  void Forget(storage::Database& database, const replay::LedgerState& state) const;
  void Ended(const absl::Status& end);
  void CountFault();
  void SetBack();
  void Examine();
  Fate FateOf(int64_t admit);
  std::vector<Ending> Endings(const contest::Policy& policy, const std::vector<vault::DueRun>& due);
  // The outage of the coming round's run window, if there is one.
  const Outage* NextOutage() const;

  const Setting setting_;
  const PublicWorld world_;
  Random random_;   // private
  Random trouble_;  // faults of the disk
  Front front_;
  absl::Duration stall_;
  Disk& disk_ = Disk::Get();
  Outcome outcome_;
  int64_t now_ms_ = PublicWorld::kStartMs;
  int64_t ahead_ms_ = 0;  // a mutant's clock is ahead of everybody else's
  int64_t stop_at_ms_ = kNever;
  int64_t restart_ms_ = 0;
  bool over_ = false;
  int idle_ = 0;
  size_t outages_ = 0;   // that were
  bool killed_ = false;  // the process before this one
  const vault::Vault* vault_ = nullptr;
  std::map<int64_t, int64_t> attempts_;
  std::map<int64_t, Committed> in_flight_;  // the commit did not return
  std::map<std::string, std::shared_ptr<MemoryFile>> earlier_;
};

bool World::Pass(int64_t wait_ms) {
  if (wait_ms <= 0 || Asked()) return Asked();
  if (vault_->state().Open() == nullptr && ++idle_ > kIdleExchanges) over_ = true;
  front_.Act();
  now_ms_ = std::min(now_ms_ + wait_ms, std::max(now_ms_, stop_at_ms_));
  return Asked();
}

// A sync that fails, and as a rule the end of the process or of the current soon after.
Fault World::FailedSync() {
  Fault fault{.at = 1 + trouble_.Below(int64_t{2} << trouble_.Below(6)),
              .verdict = Verdict::kBroken,
              .only = Step::kSync};
  if (trouble_.OneIn(2)) fault.death = Death::kKill;
  if (!trouble_.OneIn(3)) fault.dirty = Dirty::kLost;
  if (!trouble_.OneIn(4)) fault.dies_after = trouble_.OneIn(2) ? 0 : trouble_.Below(16);
  return fault;
}

void World::Arm() {
  constexpr Verdict kWays[] = {Verdict::kGo,     Verdict::kDead,   Verdict::kDead,
                               Verdict::kDead,   Verdict::kFull,   Verdict::kShort,
                               Verdict::kBroken, Verdict::kBroken, Verdict::kBroken};
  Fault fault{.verdict = kWays[trouble_.Below(9)]};
  if (fault.verdict != Verdict::kGo) fault.at = 1 + trouble_.Below(int64_t{2} << trouble_.Below(9));
  if (trouble_.OneIn(3)) fault.death = Death::kKill;
  if (fault.verdict == Verdict::kBroken) fault = FailedSync();
  // What a killed process left is found and said, and then the current goes.
  if (std::exchange(killed_, false) && trouble_.OneIn(2)) {
    fault = {.at = 1 + trouble_.Below(int64_t{2} << trouble_.Below(7)),
             .verdict = Verdict::kDead,
             .only = Step::kSend};
  }
  disk_.Arm(fault);
}

Fate World::FateOf(int64_t admit) {
  const int64_t attempt = attempts_[admit]++;
  ++outcome_.counts.runs;
  if (setting_.fate) return setting_.fate(admit, attempt);
  Random own = Random(setting_.private_seed).Branch(static_cast<uint64_t>(admit * 64 + attempt));
  return DrawFate(own, world_.ranges());
}

std::vector<World::Ending> World::Endings(const contest::Policy& policy,
                                          const std::vector<vault::DueRun>& due) {
  std::vector<size_t> order(due.size());
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[static_cast<size_t>(random_.Below(static_cast<int64_t>(i)))]);
  std::vector<int64_t> lanes(static_cast<size_t>(policy.rounds.lanes), now_ms_);
  std::vector<Ending> endings;
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t which = order[i];
    int64_t& lane = lanes[i % lanes.size()];  // so that each has no more than it can be sure to do
    Ending ending{.admit = due[which].admit, .fate = FateOf(due[which].admit)};
    lane += ending.fate.wall_ms;
    ending.at_ms = lane;
    lane += policy.rounds.settle_ms;
    endings.push_back(std::move(ending));
  }
  std::stable_sort(endings.begin(), endings.end(),
                   [](const Ending& a, const Ending& b) { return a.at_ms < b.at_ms; });
  return endings;
}

const Outage* World::NextOutage() const {
  const int64_t round = vault_->state().Open()->NextRound();
  if (outages_ >= world_.outages.size() || world_.outages[outages_].round != round) return nullptr;
  return &world_.outages[outages_];
}

absl::Status World::RunAll(const contest::Policy& policy, const std::vector<vault::DueRun>& due,
                           int64_t /*deadline*/,
                           const std::function<absl::Status(const vault::FinishedRun&)>& commit) {
  for (const vault::DueRun& run : due) {
    if (outcome_.committed.contains(run.admit) && !in_flight_.contains(run.admit))
      Violated(absl::StrFormat("run %d has its level and is to run again", run.admit));
    outcome_.committed.erase(run.admit);
    in_flight_.erase(run.admit);
    const std::string program = Content(run.program_path);
    if (!run.program_path.ends_with("-" + HexEncode(Sha256(program))))
      Violated(absl::StrFormat("the program of run %d is not the one that was sent", run.admit));
  }
  const Outage* outage = NextOutage();
  const std::vector<Ending> endings = Endings(policy, due);
  const auto count = static_cast<int64_t>(endings.size());
  // Where in the window the current goes is private: before, between or inside of commits.
  const bool crashes = outage != nullptr && !outage->asked;
  const int64_t crash_at = crashes ? random_.Between(0, count) : -1;
  if (outage != nullptr) {
    ++outages_;
    const schedule::RoundClock clock = vault_->state().Open()->Clock();
    restart_ms_ = clock.ExchangeMs(outage->round) + outage->delay_ms;
    if (crashes)
      outcome_.crash_steps.push_back(crash_at);
    else
      stop_at_ms_ = (clock.StartMs(outage->round) + clock.ExchangeMs(outage->round)) / 2;
  }
  for (int64_t i = 0; i < count; ++i) {
    const Ending& ending = endings[static_cast<size_t>(i)];
    if (i == crash_at) {
      if (random_.OneIn(2))
        disk_.Die(Death::kOutage);
      else
        disk_.Arm({.at = random_.Between(1, 6), .verdict = Verdict::kDead});
    }
    now_ms_ = std::max(now_ms_, ending.at_ms);
    vault::FinishedRun run{
        .admit = ending.admit, .answer = ending.fate.answer, .evidence = ending.fate.evidence};
    if (setting_.mutant == Mutant::kSwapAnswers) run.admit = due[static_cast<size_t>(i)].admit;
    if (setting_.mutant == Mutant::kLogRuns) See("a run ended");
    outcome_.order.push_back(ending.admit);
    const Committed committed{.fate = ending.fate, .end_ms = now_ms_};
    outcome_.committed[ending.admit] = committed;
    if (setting_.mutant == Mutant::kSecondDraw && i + 1 == crash_at) continue;
    in_flight_[ending.admit] = committed;
    const absl::Status status = commit(run);
    if (!disk_.alive()) return absl::UnavailableError("the machine has no current");
    RETURN_IF_ERROR(status);
    in_flight_.erase(ending.admit);
  }
  if (crashes) disk_.Die(Death::kOutage);
  return absl::OkStatus();
}

absl::Status World::Propose(storage::Database& database, const replay::LedgerState& state) {
  if (state.Find(world_.policy.contest) != nullptr) return absl::OkStatus();
  vault::Proposals proposals(database);
  ASSIGN_OR_RETURN(const std::vector<vault::Proposal> waiting, proposals.Waiting());
  const auto waits = [&](vault::ProposalKind kind) {
    return std::any_of(waiting.begin(), waiting.end(),
                       [&](const vault::Proposal& one) { return one.kind == kind; });
  };
  if (!state.dataset().has_value() && !waits(vault::ProposalKind::kDataset)) {
    RETURN_IF_ERROR(
        proposals.Add(vault::ProposalKind::kDataset, "-", world_.dataset_entry).status());
  }
  if (waits(vault::ProposalKind::kPolicy)) return absl::OkStatus();
  return proposals.Add(vault::ProposalKind::kPolicy, world_.policy.contest, world_.policy_entry)
      .status();
}

void World::Forget(storage::Database& database, const replay::LedgerState& state) const {
  const replay::Contest* contest = state.Find(world_.policy.contest);
  auto transaction = storage::Transaction::Begin(database);
  if (contest == nullptr || !transaction.ok()) return;
  for (const auto& [index, admission] : contest->admissions) {
    if (!admission.result.has_value()) continue;
    (void)database.Execute(
        absl::StrFormat("UPDATE run SET program = randomblob(32) WHERE admit = %d", index));
  }
  (void)transaction->CommitUnlogged();
}

absl::Status World::Live(int life) {
  const vault::Layout& layout = Ground::Get().layout();
  ASSIGN_OR_RETURN(storage::Database database, vault::OpenDatabase(layout));
  if (setting_.mutant == Mutant::kForgetQuorums && life > 0) {
    ASSIGN_OR_RETURN(auto transaction, storage::Transaction::Begin(database));
    RETURN_IF_ERROR(database.Execute("UPDATE checkpoint SET released = note"));
    RETURN_IF_ERROR(transaction.CommitUnlogged());
  }
  ASSIGN_OR_RETURN(vault::Vault vault, vault::Vault::Open(database, LedgerSigner(), layout));
  vault_ = &vault;
  if (setting_.mutant == Mutant::kForgetPrograms && life > 0) Forget(database, vault.state());
  disk_.ForgetSyncs(setting_.mutant == Mutant::kForgetSyncs);
  disk_.HideSyncErrors(setting_.mutant == Mutant::kIgnoreSyncErrors);
  vault::Config config;
  vault.KeepFree(config.KeepFreeBytes());
  RETURN_IF_ERROR(vault.Tidy());
  RETURN_IF_ERROR(vault.Start(Sha256("a build"), Sha256(absl::StrFormat("life %d", life))));
  RETURN_IF_ERROR(Propose(database, vault.state()));
  RETURN_IF_ERROR(ProposeAct(world_, setting_.seed, database, vault.state()));
  ASSIGN_OR_RETURN(UniqueFd listener, ListenUnix(Ground::Get().socket(), {}));
  vault::PipeServer pipe(std::move(listener));
  front_.Act();
  const EventLog log(kLogFd, EventLog::Style::kJournal);
  vault::Server server(vault, *this, pipe, layout, config, *this, *this, log);
  return server.Run();
}

void World::CountFault() {
  if (!disk_.failed() || disk_.fault().verdict != Verdict::kBroken) return;
  Counts& counts = outcome_.counts;
  ++counts.failed_syncs;
  if (disk_.loses()) ++counts.lost_syncs;
  if (disk_.alive()) return;
  ++(disk_.death() == Death::kKill ? counts.kills_after_sync : counts.outages_after_sync);
  if (disk_.loses() && disk_.death() == Death::kKill) ++counts.kills_after_loss;
}

void World::Ended(const absl::Status& end) {
  vault_ = nullptr;
  const bool asked = now_ms_ >= std::exchange(stop_at_ms_, kNever);
  CountFault();
  if (!disk_.alive()) {
    killed_ = disk_.death() == Death::kKill;
    ++(killed_ ? outcome_.counts.kills : outcome_.counts.crashes);
    if (killed_)
      now_ms_ += trouble_.Below(2'000);
    else if (restart_ms_ == 0)
      now_ms_ += trouble_.Below(2'500'000);
    else
      now_ms_ = restart_ms_;
    restart_ms_ = 0;
    Random after = Random(setting_.private_seed).Branch(5000 + static_cast<uint64_t>(now_ms_));
    disk_.Restart(after);
    if (setting_.mutant == Mutant::kSetBack) SetBack();
    return;
  }
  if (disk_.failed() && !end.ok()) {
    ++outcome_.counts.faults;
    now_ms_ += trouble_.Below(2'000);
    return;
  }
  See(absl::StrFormat("the server ends: %d", static_cast<int>(end.code())));
  if (end.ok() && asked && !over_) {
    ++outcome_.counts.asked;
    now_ms_ = std::max(now_ms_, std::exchange(restart_ms_, 0));
    return;
  }
  if (!end.ok()) Violated("the server ended: " + end.ToString());
  over_ = true;
}

void World::SetBack() {
  auto& files = earlier_.empty() ? disk_.files : earlier_;
  std::map<std::string, std::shared_ptr<MemoryFile>> copies;
  for (const auto& [path, file] : files) copies[path] = std::make_shared<MemoryFile>(*file);
  (earlier_.empty() ? earlier_ : disk_.files) = std::move(copies);
}

// The machine loses its current once more; what is on the disk then is what counts.
void World::Examine() {
  disk_.Die(Death::kOutage);
  Random after = Random(setting_.private_seed).Branch(6);
  disk_.Restart(after);
  const auto read = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(storage::Database database, vault::OpenDatabase(Ground::Get().layout()));
    ASSIGN_OR_RETURN(const vault::Ledger ledger, vault::Ledger::Open(database, LedgerSigner()));
    ASSIGN_OR_RETURN(outcome_.entries, ledger.Entries(0, ledger.size()));
    ASSIGN_OR_RETURN(const std::string head, ledger.Head());
    for (const std::string& entry : outcome_.entries) outcome_.seen.ledger += entry;
    outcome_.seen.ledger += head;
    outcome_.entries = Spoilt(std::move(outcome_.entries), setting_.mutant);
    outcome_.violation = Check(world_, front_, head, outcome_);
    return absl::OkStatus();
  };
  if (const absl::Status status = read(); !status.ok())
    Violated("what is stored cannot be read: " + status.ToString());
}

}  // namespace

Outcome Play(const Setting& setting) { return World(setting).Play(); }

}  // namespace pinhole::simulation
