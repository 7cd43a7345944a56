// The vault at work: rounds by the clock, each a run window and an exchange window.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/system/clock.h"
#include "server/system/event_log.h"
#include "server/vault/config.h"
#include "server/vault/layout.h"
#include "server/vault/pace.h"
#include "server/vault/pipe_server.h"
#include "server/vault/runner.h"
#include "server/vault/vault.h"

namespace pinhole::vault {

// Runs rounds until `stop` is asked for. With runs due in the round it ends after their exchange,
// so that no end of a run can be told from the end of the process; else at once. One thread, beside
// those of a running round.
class Server {
 public:
  // All outlive the server. Of `limits`, what is kept free on the disk. `log` hears of public
  // events alone, and only at moments that follow from the clock and the ledger.
  Server(Vault& vault, AnyRunner& runner, PipeServer& pipe, const Layout& layout,
         const Config& limits, const WallClock& clock, const Pace& stop, const EventLog& log)
      : vault_(vault),
        runner_(runner),
        pipe_(pipe),
        layout_(layout),
        limits_(limits),
        clock_(clock),
        stop_(stop),
        log_(log) {}

  // Errors: whatever must end the process: UNAVAILABLE a lane broke, RESOURCE_EXHAUSTED the disk is
  // full, DATA_LOSS the ledger is damaged. The next start recovers.
  absl::Status Run();

 private:
  absl::Status CatchUp();
  // The exchange that all of them share: batch, transaction, events. `deadline` is the batch's.
  absl::StatusOr<int64_t> Exchange(ExchangeKind kind, int64_t round, Deadline deadline);
  // Has the front ask witnesses for the newest head, and takes what they answer: until there are
  // enough, or the deadline.
  absl::Status AskWitnesses(Deadline deadline);
  void HandOver(int64_t round, int64_t mirror_size, Deadline deadline);
  // What the exchange did, to the log.
  absl::Status LogExchange(int64_t round, int64_t size_before);
  absl::Status IdleExchange();
  absl::Status Round(const replay::Contest& contest);
  absl::Status RunWindow(const replay::Contest& contest);
  // Sleeps until the wall clock shows `unix_ms` or a stop is asked for.
  void SleepUntil(int64_t unix_ms) const;
  // Sleeps until then, whatever is asked for.
  void HoldUntil(int64_t unix_ms) const;
  Deadline Until(int64_t unix_ms) const;

  int64_t told_missing_ = -1;  // the size of which the log was told that witnesses are missing
  Vault& vault_;
  AnyRunner& runner_;
  PipeServer& pipe_;
  const Layout& layout_;
  const Config& limits_;
  const WallClock& clock_;
  const Pace& stop_;
  const EventLog& log_;
};

// What the log says of the status that ended Run. Pure.
StopReason StopReasonOf(const absl::Status& status);

// `pinhole-vault serve`: lanes, socket, confinement, START, rounds. Errors before START have their
// own text; after it only one of a few fixed sentences, since private runs are near.
absl::Status Serve(const Layout& layout, const Config& config);

}  // namespace pinhole::vault
