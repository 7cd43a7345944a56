// The vault at work: rounds by the clock, each a run window and an exchange window.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/system/clock.h"
#include "server/vault/config.h"
#include "server/vault/layout.h"
#include "server/vault/pipe_server.h"
#include "server/vault/runner.h"
#include "server/vault/stop_signal.h"
#include "server/vault/vault.h"

namespace pinhole::vault {

// Runs rounds until `stop` is asked for. With runs due in the round it ends after their exchange,
// so that no end of a run can be told from the end of the process; else at once. One thread, beside
// those of a running round.
class Server {
 public:
  Server(Vault& vault, Runner& runner, PipeServer& pipe, const Layout& layout,
         const WallClock& clock, const StopSignal& stop)
      : vault_(vault), runner_(runner), pipe_(pipe), layout_(layout), clock_(clock), stop_(stop) {}

  // Errors: whatever must end the process: a lane broke, the disk failed, the contest has stopped.
  // The next start recovers.
  absl::Status Run();

 private:
  absl::Status IdleExchange();
  absl::Status Round(const replay::Contest& contest);
  absl::Status RunWindow(const replay::Contest& contest);
  // Sleeps until the wall clock shows `unix_ms` or a stop is asked for.
  void SleepUntil(int64_t unix_ms) const;
  // Sleeps until then, whatever is asked for.
  void HoldUntil(int64_t unix_ms) const;
  Deadline Until(int64_t unix_ms) const;

  Vault& vault_;
  Runner& runner_;
  PipeServer& pipe_;
  const Layout& layout_;
  const WallClock& clock_;
  const StopSignal& stop_;
};

// `pinhole-vault serve`: lanes, socket, confinement, START, rounds.
absl::Status Serve(const Layout& layout, const Config& config);

}  // namespace pinhole::vault
