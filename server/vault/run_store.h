// The sealed side of runs: which program an ADMIT means, and the scorer's answer once a run ended.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/sha256.h"
#include "server/core/pipe/requests.h"
#include "server/core/score/answer.h"
#include "server/core/score/level.h"
#include "server/storage/database.h"
#include "server/storage/transaction.h"

namespace pinhole::vault {

using Answer = std::array<uint8_t, score::kAnswerSize>;

// What a run leaves beside its answer; nobody outside the vault sees it.
struct RunEvidence {
  std::string outcome;
  int64_t exit_code = 0;
  int64_t signal = 0;
  int64_t wall_micros = 0;
  int64_t cpu_micros = 0;
  int64_t peak_memory_bytes = 0;
  int64_t output_bytes = 0;
  Digest output{};
};

// Stateless over the database, which must outlive it. One thread.
class RunStore {
 public:
  explicit RunStore(storage::Database& database) : database_(&database) {}

  // Whether this team submitted this program under this policy before: then its result stands.
  absl::StatusOr<bool> Contains(const pipe::SubmitRequest& request);
  // In the transaction that appends the ADMIT.
  absl::Status Add(storage::Transaction& transaction, int64_t admit,
                   const pipe::SubmitRequest& request);
  // The stored program of a run. Errors: DATA_LOSS when there is no such run.
  absl::StatusOr<std::string> Program(int64_t admit, const std::string& programs_directory);

  // The paths of all stored programs that a run means.
  absl::StatusOr<std::set<std::string>> Programs(const std::string& programs_directory);

  absl::StatusOr<std::optional<Answer>> FindAnswer(int64_t admit);
  // Commits a run's answer, once: a second one is ALREADY_EXISTS.
  absl::Status CommitAnswer(int64_t admit, const Answer& answer, const RunEvidence& evidence);

 private:
  storage::Database* database_;
};

}  // namespace pinhole::vault
