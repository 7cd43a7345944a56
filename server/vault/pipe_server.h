// The vault's end of the one socket: open only in exchange windows, never waited for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/descriptor_io.h"
#include "server/system/unique_fd.h"
#include "server/vault/intake.h"
#include "server/vault/ledger.h"

namespace pinhole::vault {

// What one exchange hands over at about the most: some megabytes.
inline constexpr int64_t kMostEntriesOfHandOver = 4096;

// Holds the listening socket and at most one connection: a later one replaces an earlier one. Every
// method returns by its deadline whatever the front does; a front that breaks the protocol, stops
// or dies loses its connection and nothing else.
class PipeServer {
 public:
  explicit PipeServer(UniqueFd listener) : listener_(std::move(listener)) {}

  // The exchange of `round` begins (0: idle): takes the newest connection that is alive, waits a
  // few seconds for one when there is none, and tells the front.
  void Open(int64_t round, Deadline deadline);
  // Reads the batch into `intake` until its end or the deadline.
  void TakeBatch(Intake& intake, Deadline deadline);
  // Sends what witnesses are to be asked with: the hashes of the entries that wait, and their head.
  void AskWitnesses(const Ledger& ledger, Deadline deadline);
  // The next signature line that the front brings by the deadline; nothing when it brings none.
  std::optional<std::string> NextCosignature(Deadline deadline);
  // Hands over the entries that the front's mirror lacks, up to a signed head, and that head: the
  // newest that may leave, or, when more than kMostEntriesOfHandOver are missing, the first one
  // beyond so many, so that a new mirror of a long ledger comes nearer in each exchange. A mirror
  // longer than the ledger gets that head alone.
  void HandOver(int64_t round, const Ledger& ledger, int64_t mirror_size, Deadline deadline);

  bool connected() const { return connection_.valid(); }

 private:
  void TakeConnection(Deadline deadline);
  absl::Status WriteHandOver(int64_t round, const Ledger& ledger, int64_t mirror_size,
                             Deadline deadline);
  absl::Status WritePending(const Ledger& ledger, Deadline deadline);
  absl::StatusOr<std::string> ReadCosignature(Deadline deadline);
  absl::Status WriteFrame(const std::string& frame, Deadline deadline);

  UniqueFd listener_;
  UniqueFd connection_;
};

}  // namespace pinhole::vault
