#include "server/vault/serve.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "absl/time/clock.h"
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
    absl::SleepFor(absl::Milliseconds(left));
  }
}

Deadline Server::Until(int64_t unix_ms) const {
  return Deadline::After(absl::Milliseconds(std::max<int64_t>(0, unix_ms - clock_.NowUnixMs())));
}

absl::Status Server::Run() {
  while (!stop_.Asked()) {
    const replay::Contest* contest = vault_.state().Open();
    const bool begun = contest != nullptr && clock_.NowUnixMs() + kIdleMs >=
                                                 contest->Clock().StartMs(contest->NextRound());
    if (begun || (contest != nullptr && contest->last_round > 0)) {
      RETURN_IF_ERROR(vault_.CatchUp(clock_.NowUnixMs()));
      RETURN_IF_ERROR(Round(*contest));
    } else {
      RETURN_IF_ERROR(IdleExchange());
      SleepUntil((clock_.NowUnixMs() / kIdleMs + 1) * kIdleMs);
    }
  }
  return absl::OkStatus();
}

absl::Status Server::IdleExchange() {
  const Deadline deadline = Deadline::After(absl::Milliseconds(kIdleMs / 2));
  pipe_.Open(0, deadline);
  Intake intake(vault_.state(), layout_.programs());
  pipe_.TakeBatch(intake, deadline);
  RETURN_IF_ERROR(vault_.Exchange(ExchangeKind::kIdle, intake.arrived(), clock_.NowUnixMs()));
  pipe_.HandOver(0, vault_.ledger(), intake.mirror_size().value_or(0), deadline);
  return absl::OkStatus();
}

absl::Status Server::RunWindow(const replay::Contest& contest) {
  ASSIGN_OR_RETURN(const std::vector<DueRun> due, vault_.DueRuns());
  const int64_t left_ms = contest.Clock().ExchangeMs(contest.NextRound()) - clock_.NowUnixMs();
  return runner_.RunAll(contest.policy.policy, due, MonotonicNanos() + left_ms * 1'000'000,
                        [this](const FinishedRun& run) {
                          return vault_.CommitRun(run.admit, run.answer, run.evidence);
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

  pipe_.Open(round, Until(share(kBatchEnd)));
  Intake intake(vault_.state(), layout_.programs());
  pipe_.TakeBatch(intake, Until(share(kBatchEnd)));
  PINHOLE_FAULT_POINT("batch-taken");
  RETURN_IF_ERROR(vault_.Exchange(ExchangeKind::kRound, intake.arrived(), clock_.NowUnixMs()));
  SleepUntil(share(kHandOver));
  pipe_.HandOver(round, vault_.ledger(), intake.mirror_size().value_or(0),
                 Until(share(kHandOverEnd)));
  return absl::OkStatus();
}

}  // namespace pinhole::vault
