// The vault's end of the one socket: open only in exchange windows, never waited for.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/descriptor_io.h"
#include "server/system/unique_fd.h"
#include "server/vault/intake.h"
#include "server/vault/ledger.h"

namespace pinhole::vault {

// Holds the listening socket and at most one connection: a later one replaces an earlier one. Every
// method returns by its deadline whatever the front does; a front that breaks the protocol, stops
// or dies loses its connection and nothing else.
class PipeServer {
 public:
  explicit PipeServer(UniqueFd listener) : listener_(std::move(listener)) {}

  // The exchange of `round` begins (0: idle): takes a waiting connection, if any, and tells the
  // front.
  void Open(int64_t round, Deadline deadline);
  // Reads the batch into `intake` until its end or the deadline.
  void TakeBatch(Intake& intake, Deadline deadline);
  // Hands over the entries that the front's mirror lacks, and the signed head.
  void HandOver(int64_t round, const Ledger& ledger, int64_t mirror_size, Deadline deadline);

  bool connected() const { return connection_.valid(); }

 private:
  UniqueFd listener_;
  UniqueFd connection_;
};

}  // namespace pinhole::vault
