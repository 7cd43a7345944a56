// The evidence's own log: records that only grow, each bound to all before it.
//
//   chain(0) = 32 zero bytes      chain(n) = SHA-256(chain(n - 1) ‖ record n)
//
// Runs stand in the order in which their levels were committed. That order is private, as all of
// this is; rows have one length and none ever changes, so that the database's pages depend on how
// many records there are and on nothing else. The root, chain(n) and n, goes to the auditor in
// person.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/sha256.h"
#include "server/storage/database.h"
#include "server/storage/transaction.h"
#include "server/vault/evidence_record.h"

namespace pinhole::vault {

struct EvidenceRoot {
  int64_t size = 0;  // records
  Digest chain{};
  bool operator==(const EvidenceRoot&) const = default;
};

// Stateless over the database, so that the serving vault and a command append beside each other.
// One thread.
class EvidenceChain {
 public:
  static absl::StatusOr<EvidenceChain> Open(storage::Database& database);

  // Reads the first `most` records in order, checks their chain, and hands each to `visit` with its
  // number, from 1. Errors: DATA_LOSS with the number of the first record that is missing, changed
  // or not what its chain says; the first of `visit`'s.
  absl::StatusOr<EvidenceRoot> Read(
      const std::function<absl::Status(int64_t, const EvidenceRecord&)>& visit,
      int64_t most = INT64_MAX);

  absl::Status Append(storage::Transaction& transaction, const EvidenceRecord& record);

 private:
  EvidenceChain(storage::Statement read, storage::Statement last, storage::Statement append)
      : read_(std::move(read)), last_(std::move(last)), append_(std::move(append)) {}

  storage::Statement read_;
  storage::Statement last_;
  storage::Statement append_;
};

}  // namespace pinhole::vault
