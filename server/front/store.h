// The front's own database: copies of public things, hashes of tokens, and what teams sent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/sha256.h"
#include "server/core/pipe/requests.h"
#include "server/front/daily_use.h"
#include "server/storage/database.h"

namespace pinhole::front {

// A team as a token names it. It need not be in the ledger yet.
struct TeamIdentity {
  std::string contest;
  PublicKey key;
  bool operator==(const TeamIdentity&) const = default;
};

struct StoredProgram {
  Digest sha256{};
  int64_t size_bytes = 0;
  std::string path;  // relative to the front's folder
};

// kReceived: goes to the vault in every exchange. kAdmitted: the ledger has its entry. kRefused:
// the ledger shows that it cannot be admitted.
enum class RequestState { kReceived, kAdmitted, kRefused };

struct StoredRequest {
  int64_t id = 0;  // grows in the order of arrival
  pipe::Request request;
  std::string text;
  std::string message;
  RequestState state = RequestState::kReceived;
  std::string refusal;
};

// What one exchange changes; all of it or nothing is stored.
struct ExchangeRecord {
  struct Refusal {
    int64_t id = 0;
    std::string text;
  };
  int64_t first = 0;  // index of entries[0]
  std::vector<std::string> entries;
  std::string checkpoint;
  std::vector<int64_t> admitted;  // ids of requests
  std::vector<Refusal> refused;
};

// Thread-safe: one connection, one call at a time. What returned OK is on the disk. Nothing here is
// the ledger's business, so every commit is CommitUnlogged: the vault's word stands in the entries
// themselves.
class Store {
 public:
  static absl::StatusOr<Store> Create(const std::string& path);
  static absl::StatusOr<Store> Open(const std::string& path);
  Store(Store&& other) noexcept;

  // The mirror. Errors: DATA_LOSS when an entry is missing between others.
  absl::StatusOr<std::vector<std::string>> LoadEntries();
  absl::StatusOr<std::string> LoadCheckpoint();  // empty when there is none
  absl::Status SaveExchange(const ExchangeRecord& record);
  // Only those that are still received.
  absl::Status RefuseRequests(const std::vector<ExchangeRecord::Refusal>& refused);

  // Keeps the newest kTokensPerTeam tokens of the team.
  static constexpr int kTokensPerTeam = 16;
  absl::Status AddToken(const Digest& hash, const TeamIdentity& team);
  absl::StatusOr<std::optional<TeamIdentity>> FindToken(const Digest& hash);

  // The same program again changes nothing.
  absl::Status AddProgram(const TeamIdentity& team, const StoredProgram& program);
  absl::StatusOr<std::optional<StoredProgram>> FindProgram(const TeamIdentity& team,
                                                           const Digest& sha256);
  absl::StatusOr<int64_t> CountPrograms(const TeamIdentity& team);
  struct ProgramBytes {
    int64_t of_team = 0;
    int64_t of_all = 0;
  };
  absl::StatusOr<ProgramBytes> SumProgramBytes(const TeamIdentity& team);

  // A team's upload use; none used when it has no row. Saving forgets rows older than a day.
  absl::StatusOr<DailyUse> FindUploadUse(const TeamIdentity& team);
  absl::Status SaveUploadUse(const TeamIdentity& team, const DailyUse& use);

  // The new request's id. Errors: ALREADY_EXISTS for the same text or the same request id.
  absl::StatusOr<int64_t> AddRequest(const pipe::Request& request, std::string_view text,
                                     std::string_view message);
  // A join with the first token of its team: both are stored or none.
  absl::StatusOr<int64_t> AddJoin(const pipe::Request& request, std::string_view text,
                                  const Digest& token_hash, const TeamIdentity& team);
  // A choice. Forgotten are the one that it takes the place of, and itself if it came before and
  // was refused: both may come again.
  absl::StatusOr<int64_t> AddChoice(const pipe::Request& request, std::string_view text,
                                    std::optional<int64_t> replaced);
  absl::StatusOr<std::optional<StoredRequest>> FindText(std::string_view text);
  absl::StatusOr<std::optional<StoredRequest>> FindSubmission(const TeamIdentity& team,
                                                              const log::RequestId& id);
  // The earliest submission, not refused, of the same program under the same policy.
  absl::StatusOr<std::optional<StoredRequest>> FindSameProgram(const TeamIdentity& team,
                                                               const Digest& policy,
                                                               const Digest& program);
  // In order of arrival.
  absl::StatusOr<std::vector<StoredRequest>> ListSubmissions(const TeamIdentity& team);
  absl::StatusOr<std::vector<StoredRequest>> ListReceived();

 private:
  explicit Store(storage::Database database) : database_(std::move(database)) {}
  absl::StatusOr<std::vector<StoredRequest>> ReadRequests(storage::Statement statement)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Inside a transaction.
  absl::Status InsertToken(const Digest& hash, const TeamIdentity& team)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<int64_t> InsertRequest(const pipe::Request& request, std::string_view text,
                                        std::string_view message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  storage::Database database_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
