// The front's end of the one socket: a thread that waits for exchanges, sends the waiting requests
// and takes the ledger's new entries.
#pragma once

#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "server/front/batch_limit.h"
#include "server/front/desk.h"
#include "server/front/front_log.h"
#include "server/front/mirror.h"
#include "server/front/waiting_heads.h"
#include "server/system/unique_fd.h"

namespace pinhole::front {

// Connects and, when the vault goes, connects again. What the vault did not take is sent again in
// the next exchange. A ledger that breaks a rule ends it for good: the mirror's alarm says why.
class PipeClient {
 public:
  // All outlive the client.
  PipeClient(std::string socket_path, Desk& desk, Mirror& mirror, WaitingHeads& heads,
             FrontLog& log);
  // Stops.
  ~PipeClient();
  PipeClient(const PipeClient&) = delete;
  PipeClient& operator=(const PipeClient&) = delete;

  void Start();
  // Ends the thread, in the middle of an exchange if need be: nothing is half stored.
  void Stop();

 private:
  void Run();
  // Writes how a connection ended, once for each cause in a row.
  void TellLoss(VaultLoss loss);
  // Until the connection ends. Always an error: CANCELLED when stopped, DATA_LOSS when nothing more
  // may be taken from this vault.
  absl::Status Serve(int fd);
  // False when stopped meanwhile.
  [[nodiscard]] bool WaitBeforeRetry(int milliseconds);

  const std::string socket_path_;
  Desk& desk_;
  Mirror& mirror_;
  WaitingHeads& heads_;
  FrontLog& log_;
  // Of the thread alone.
  BatchLimit limit_;
  std::optional<VaultLoss> told_;
  UniqueFd wake_;  // an eventfd, readable once stopped
  std::thread thread_;
};

}  // namespace pinhole::front
