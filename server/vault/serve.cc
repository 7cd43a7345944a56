#include "server/vault/serve.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "server/core/base/status.h"
#include "server/core/schedule/catch_up.h"
#include "server/vault/fault.h"

namespace pinhole::vault {
namespace {

constexpr int64_t kIdleMs = 1000;
// Shares of the exchange window, in per cent: the batch is taken until the first, entries are
// handed over at the second, whatever was taken when, and no later than the third.
constexpr int64_t kBatchEnd = 40;
constexpr int64_t kHandOver = 60;
constexpr int64_t kHandOverEnd = 95;

int64_t MonotonicNanos() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

void Server::SleepUntil(int64_t unix_ms) const {
  for (int64_t left = unix_ms - clock_.NowUnixMs(); left > 0 && !stop_.Asked();
       left = unix_ms - clock_.NowUnixMs()) {
    stop_.WaitFor(absl::Milliseconds(left));
  }
}

void Server::HoldUntil(int64_t unix_ms) const {
  for (int64_t left = unix_ms - clock_.NowUnixMs(); left > 0; left = unix_ms - clock_.NowUnixMs()) {
    stop_.Hold(absl::Milliseconds(left));
  }
}

Deadline Server::Until(int64_t unix_ms) const {
  return Deadline::After(absl::Milliseconds(std::max<int64_t>(0, unix_ms - clock_.NowUnixMs())));
}

StopReason StopReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return StopReason::kAsked;
    case absl::StatusCode::kResourceExhausted:
      return StopReason::kDiskFull;
    case absl::StatusCode::kUnavailable:
      return StopReason::kLaneBroke;
    case absl::StatusCode::kDataLoss:
      return StopReason::kLedgerDamaged;
    default:
      return StopReason::kOther;
  }
}

absl::Status Server::Run() {
  while (!stop_.Asked()) {
    const replay::Contest* contest = vault_.state().Open();
    const bool begun = contest != nullptr && clock_.NowUnixMs() + kIdleMs >=
                                                 contest->Clock().StartMs(contest->NextRound());
    const bool goes_on = begun || (contest != nullptr && contest->last_round > 0);
    if (goes_on && vault_.MayRun()) {
      RETURN_IF_ERROR(CatchUp());
      contest = vault_.state().Open();
      if (contest != nullptr) RETURN_IF_ERROR(Round(*contest));
    } else {
      RETURN_IF_ERROR(IdleExchange());
      SleepUntil((clock_.NowUnixMs() / kIdleMs + 1) * kIdleMs);
    }
  }
  return absl::OkStatus();
}

absl::Status Server::CatchUp() {
  const replay::Contest* contest = vault_.state().Open();
  const int64_t shifted = contest->shifted;
  const int64_t round = contest->NextRound();
  RETURN_IF_ERROR(vault_.CatchUp(clock_.NowUnixMs()));
  contest = vault_.state().Open();
  if (contest == nullptr) {
    log_.Write(event::ContestStopped{.round = round});
    return absl::OkStatus();
  }
  if (contest->shifted == shifted) return absl::OkStatus();
  log_.Write(event::RoundsMoved{.round = contest->NextRound(),
                                .moved = contest->shifted - shifted,
                                .shifts = contest->shifts});
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Server::Exchange(ExchangeKind kind, int64_t round, Deadline deadline) {
  const bool was_connected = pipe_.connected();
  pipe_.Open(round, deadline);
  const bool connected = pipe_.connected();
  if (connected && !was_connected) log_.Write(event::ConnectionOpened{});
  if (was_connected && !connected)
    log_.Write(event::ConnectionClosed{.part = ExchangePart::kOpening});
  Intake intake(vault_.state(), layout_.programs(), limits_.KeepFreeBytes());
  pipe_.TakeBatch(intake, deadline);
  if (connected && !pipe_.connected())
    log_.Write(event::ConnectionClosed{.part = ExchangePart::kBatch});
  for (const std::string& line : intake.cosignatures())
    RETURN_IF_ERROR(vault_.TakeCosignature(line));
  const bool in_round = kind == ExchangeKind::kRound;
  if (in_round) PINHOLE_FAULT_POINT("batch-taken");
  if (intake.dropped_for_room() > 0) log_.Write(event::DiskFull{.use = DiskUse::kProgram});
  const int64_t before = vault_.ledger().size();
  RETURN_IF_ERROR(vault_.Exchange(kind, intake.arrived(), clock_.NowUnixMs()));
  if (vault_.refused_for_room() > 0) log_.Write(event::DiskFull{.use = DiskUse::kPredictions});
  RETURN_IF_ERROR(LogExchange(round, before));
  return intake.mirror_size().value_or(0);
}

absl::Status Server::LogExchange(int64_t round, int64_t size_before) {
  for (const SettledProposal& settled : vault_.settled()) {
    log_.Write(event::ProposalSettled{.proposal = settled.id,
                                      .verdict = settled.state == ProposalState::kAppended
                                                     ? ProposalVerdict::kAppended
                                                     : ProposalVerdict::kRefused});
  }
  const int64_t size = vault_.ledger().size();
  if (size == size_before) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                   vault_.ledger().Entries(size_before, size - size_before));
  event::ExchangeDone done{.round = round, .ledger = size};
  for (const std::string& entry : entries) {
    const std::string_view type = log::EntryType(entry);
    if (type == "TEAM") ++done.joined;
    if (type == "ADMIT") ++done.admitted;
    if (type == "RESULT") ++done.released;
  }
  log_.Write(done);
  return absl::OkStatus();
}

absl::Status Server::AskWitnesses(Deadline deadline) {
  if (!vault_.AwaitsQuorum()) return absl::OkStatus();
  pipe_.AskWitnesses(vault_.ledger(), deadline);
  for (size_t taken = 0; vault_.AwaitsQuorum() && taken < kMostCosignatures; ++taken) {
    const std::optional<std::string> line = pipe_.NextCosignature(deadline);
    if (!line.has_value()) break;
    RETURN_IF_ERROR(vault_.TakeCosignature(*line));
  }
  const int64_t size = vault_.ledger().size();
  if (vault_.AwaitsQuorum() && size != told_missing_) {
    told_missing_ = size;
    log_.Write(event::QuorumMissing{.released = vault_.ledger().released_size(), .ledger = size});
  }
  return absl::OkStatus();
}

void Server::HandOver(int64_t round, int64_t mirror_size, Deadline deadline) {
  if (!pipe_.connected()) return;
  if (mirror_size > vault_.ledger().size()) {
    log_.Write(event::MirrorAhead{.mirror = mirror_size, .ledger = vault_.ledger().size()});
  }
  pipe_.HandOver(round, vault_.ledger(), mirror_size, deadline);
  if (!pipe_.connected()) log_.Write(event::ConnectionClosed{.part = ExchangePart::kHandOver});
}

absl::Status Server::IdleExchange() {
  const Deadline deadline = Deadline::After(absl::Milliseconds(kIdleMs / 2));
  ASSIGN_OR_RETURN(const int64_t mirror_size, Exchange(ExchangeKind::kIdle, 0, deadline));
  RETURN_IF_ERROR(AskWitnesses(Deadline::After(absl::Milliseconds(kIdleMs / 4))));
  HandOver(0, mirror_size, deadline);
  return vault_.Checkpoint();
}

absl::Status Server::RunWindow(const replay::Contest& contest) {
  ASSIGN_OR_RETURN(const std::vector<DueRun> due, vault_.DueRuns());
  const int64_t left_ms = contest.Clock().ExchangeMs(contest.NextRound()) - clock_.NowUnixMs();
  return runner_.RunAll(contest.policy.policy, due, MonotonicNanos() + left_ms * 1'000'000,
                        [this](const FinishedRun& run) {
                          RunEvidence evidence = run.evidence;
                          evidence.ended_ms = clock_.NowUnixMs();
                          return vault_.CommitRun(run.admit, run.answer, evidence);
                        });
}

absl::Status Server::Round(const replay::Contest& contest) {
  const int64_t round = contest.NextRound();
  const schedule::RoundClock clock = contest.Clock();
  const int64_t exchange = clock.ExchangeMs(round);
  const auto share = [&](int64_t per_cent) {
    return exchange + (clock.EndMs(round) - exchange) * per_cent / 100;
  };

  SleepUntil(clock.StartMs(round));
  if (stop_.Asked()) return absl::OkStatus();
  const bool any_due = contest.due.contains(round);
  const absl::Status ran = RunWindow(contest);
  PINHOLE_FAULT_POINT("runs-done");
  if (any_due) {
    // When the runs ended is private. Nothing the front can see may depend on it, not even the
    // moment at which this process ends and the socket closes: a stop or a broken lane waits.
    HoldUntil(exchange);
  } else {
    SleepUntil(exchange);
    if (stop_.Asked()) return absl::OkStatus();
  }
  RETURN_IF_ERROR(ran);

  ASSIGN_OR_RETURN(const int64_t mirror_size,
                   Exchange(ExchangeKind::kRound, round, Until(share(kBatchEnd))));
  RETURN_IF_ERROR(AskWitnesses(Until(share(kHandOver))));
  SleepUntil(share(kHandOver));
  HandOver(round, mirror_size, Until(share(kHandOverEnd)));
  return vault_.Checkpoint();
}

}  // namespace pinhole::vault
