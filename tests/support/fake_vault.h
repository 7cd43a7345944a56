// A vault without boxes and data: it speaks real frames over a real socket and keeps a real ledger,
// for tests of the front.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/pipe/frames.h"
#include "server/core/pipe/requests.h"
#include "server/system/unique_fd.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::testing {

// Used by one thread. The ledger begins with START, DATASET and a POLICY. It is for what the front
// does, so cosignatures count whatever they are over: each line once.
class FakeVault {
 public:
  struct Received {
    pipe::Request request;
    std::string program;                // bytes, of a submission
    std::vector<size_t> payload_bytes;  // of its kProgram frames
  };
  struct Batch {
    int64_t mirror_size = -1;  // as kHello said
    std::vector<Received> requests;
    std::vector<std::string> cosignatures;  // lines, before kEnd
  };

  // Listens at `socket_path`; aborts the test when it cannot.
  FakeVault(const std::string& socket_path, const contest::Policy& policy);

  LedgerBuilder& ledger() { return ledger_; }
  const LedgerBuilder& ledger() const { return ledger_; }

  // A whole exchange: open, batch, admission in order of arrival, results, ROUND, hand-over. Runs
  // reach `level`, or fail.
  absl::StatusOr<Batch> Exchange(std::optional<int> level = std::nullopt);

  // Its steps, for vaults that misbehave. Connects first when no front is connected.
  absl::Status Open();
  absl::StatusOr<Batch> ReadBatch();
  // Appends TEAM or ADMIT for each request that replay would admit; the others leave no trace.
  void Admit(const Batch& batch);
  // RESULTs that are due, and ROUND.
  void EndRound(std::optional<int> level);
  // Entries from `first` on, as they are or as `tamper` makes them.
  using Tamper = std::function<void(std::vector<std::string>& entries, std::string& checkpoint)>;
  absl::Status HandOver(int64_t first, const Tamper& tamper = nullptr);

  // What is appended from here on leaves when so many signature lines came for its head.
  void NeedCosignatures(size_t count);
  // Entries that may leave.
  int64_t released() const { return released_; }
  // Sends the hashes of what waits, and the newest head.
  absl::Status AskWitnesses();
  // Reads the next line that the front brings, and counts it.
  absl::StatusOr<std::string> TakeCosignature();
  // What may leave, from `first` on.
  absl::Status HandOverReleased(int64_t first);

  // The connection ends; the next exchange waits for a new one.
  void Disconnect() { connection_.Close(); }
  // Nobody can connect any more, as when the process is gone.
  void Die();

 private:
  absl::StatusOr<pipe::ToVaultFrame> ReadFrame();
  void Count(const std::string& line);
  absl::Status Send(const std::string& frame);

  std::string socket_path_;
  LedgerBuilder ledger_;
  size_t quorum_ = 0;
  std::set<std::string> lines_;  // for the newest head
  int64_t released_ = 0;
  std::string released_head_;
  UniqueFd listener_;
  UniqueFd connection_;
};

}  // namespace pinhole::testing
