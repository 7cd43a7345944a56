// The front's end of the one socket: a thread that waits for exchanges, sends the waiting requests
// and takes the ledger's new entries.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "server/front/batch_limit.h"
#include "server/front/desk.h"
#include "server/front/mirror.h"
#include "server/system/unique_fd.h"

namespace pinhole::front {

// One line for the operator; called from any thread.
using OperatorLog = std::function<void(std::string_view)>;

// Connects and, when the vault goes, connects again. What the vault did not take is sent again in
// the next exchange. A ledger that breaks a rule ends it for good: the mirror's alarm says why.
class PipeClient {
 public:
  // All outlive the client.
  PipeClient(std::string socket_path, Desk& desk, Mirror& mirror, OperatorLog log);
  // Stops.
  ~PipeClient();
  PipeClient(const PipeClient&) = delete;
  PipeClient& operator=(const PipeClient&) = delete;

  void Start();
  // Ends the thread, in the middle of an exchange if need be: nothing is half stored.
  void Stop();

 private:
  void Run();
  // Until the connection ends. Always an error: CANCELLED when stopped, DATA_LOSS when nothing more
  // may be taken from this vault.
  absl::Status Serve(int fd);
  // False when stopped meanwhile.
  [[nodiscard]] bool WaitBeforeRetry(int milliseconds);

  const std::string socket_path_;
  Desk& desk_;
  Mirror& mirror_;
  const OperatorLog log_;
  BatchLimit limit_;  // of the thread alone
  UniqueFd wake_;     // an eventfd, readable once stopped
  std::thread thread_;
};

}  // namespace pinhole::front
