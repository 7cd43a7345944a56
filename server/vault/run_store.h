// The sealed side of runs: which program an ADMIT means, where its predictions go, and the scorer's
// answer once a run ended.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/pipe/requests.h"
#include "server/storage/database.h"
#include "server/storage/transaction.h"
#include "server/vault/evidence_chain.h"

namespace pinhole::vault {

// Where a run's predictions are: the file Layout::predictions(container), from byte `offset` on.
struct PredictionSlot {
  int64_t container = 0;
  int64_t offset = 0;
  bool operator==(const PredictionSlot&) const = default;
};

// Holds the answers of all runs in memory, as the chain of the evidence has them; only this
// process's own commits come to them. The database must outlive it. One thread.
class RunStore {
 public:
  // Errors: DATA_LOSS when the evidence's chain is broken, or says of a run what cannot be: that it
  // ended twice, or was never admitted.
  static absl::StatusOr<RunStore> Open(storage::Database& database);

  // Whether this team submitted this program under this policy before: then its result stands.
  absl::StatusOr<bool> Contains(const pipe::SubmitRequest& request);
  // In the transaction that appends the ADMIT.
  absl::Status Add(storage::Transaction& transaction, int64_t admit, const PredictionSlot& slot,
                   const pipe::SubmitRequest& request);
  // The stored program of a run. Errors: DATA_LOSS when there is no such run.
  absl::StatusOr<std::string> Program(int64_t admit, const std::string& programs_directory);
  // Errors: as Program.
  absl::StatusOr<PredictionSlot> Slot(int64_t admit);

  // The paths of all stored programs that a run means.
  absl::StatusOr<std::set<std::string>> Programs(const std::string& programs_directory);
  // The containers of all runs' predictions.
  absl::StatusOr<std::set<int64_t>> Containers();
  // The runs that have no answer, in ledger order.
  absl::StatusOr<std::vector<int64_t>> Unfinished();

  std::optional<Answer> FindAnswer(int64_t admit) const;
  // Commits how a run ended, once: a second time is ALREADY_EXISTS.
  absl::Status Commit(const RunRecord& run);

 private:
  RunStore(storage::Database& database, EvidenceChain evidence, storage::Statement contains,
           storage::Statement add)
      : database_(&database),
        evidence_(std::move(evidence)),
        contains_(std::move(contains)),
        add_(std::move(add)) {}
  absl::Status ReadAnswers();

  storage::Database* database_;
  EvidenceChain evidence_;
  storage::Statement contains_;
  storage::Statement add_;
  absl::btree_map<int64_t, Answer> answers_;  // those of one exchange lie side by side
};

}  // namespace pinhole::vault
