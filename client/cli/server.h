// What the client asks of a server. An interface without gRPC, so that tests can stand in for one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/base/sha256.h"

namespace pinhole::cli {

// Where a ledger comes from. Nothing it says is believed before it is verified.
class LedgerSource {
 public:
  virtual ~LedgerSource() = default;

  // The newest signed head. Errors: UNAVAILABLE before the first exchange or without a server.
  virtual absl::StatusOr<std::string> Checkpoint() = 0;
  // Entries [start, start + n) for some 0 < n <= count, n as the source likes.
  virtual absl::StatusOr<std::vector<std::string>> Entries(int64_t start, int64_t count) = 0;
};

struct WatchEvent {
  int64_t start = 0;  // index of the first entry
  std::vector<std::string> entries;
  std::string checkpoint;  // signed; empty when more entries of its ledger follow
};
enum class Watching { kGoOn, kStop };
using WatchHandler = std::function<absl::StatusOr<Watching>(const WatchEvent&)>;

struct ServerInfo {
  std::string log_vkey;
  std::string version;
};

struct JoinAnswer {
  std::string token;
  absl::Time exchange_time;
};

// A submission as the server sees it; what counts is in the ledger.
struct SubmitAnswer {
  enum class State { kReceived, kScheduled, kReleased, kRefused };
  State state = State::kReceived;
  // Of the submission that stands: an earlier one's when this team sent this program before.
  std::string request_id;
  int64_t result_round = 0;
  absl::Time result_time;
  std::string refusal;  // kRefused
};

struct ChooseAnswer {
  absl::Time exchange_time;  // of the exchange that takes the choice, or took it
  bool taken = false;        // the ledger has it
};

// Blocks until the answer is there or its time is over. Errors of all: UNAVAILABLE without a
// connection, DEADLINE_EXCEEDED; what the server refuses is FAILED_PRECONDITION,
// PERMISSION_DENIED, NOT_FOUND, ALREADY_EXISTS or RESOURCE_EXHAUSTED with the next step in its
// text.
class Server : public LedgerSource {
 public:
  virtual absl::StatusOr<ServerInfo> Info() = 0;
  // Hands entries from `start` on to `handler` as they come, until it says kStop, fails (its error
  // is returned), or `until` (DEADLINE_EXCEEDED).
  virtual absl::Status Watch(int64_t start, absl::Time until, const WatchHandler& handler) = 0;
  virtual absl::StatusOr<JoinAnswer> Join(const std::string& signed_request) = 0;
  virtual absl::Status Upload(const std::string& token, const std::string& contest,
                              const Digest& program, std::string_view bytes) = 0;
  virtual absl::StatusOr<SubmitAnswer> Submit(const std::string& token,
                                              const std::string& signed_request,
                                              const std::string& message) = 0;
  virtual absl::StatusOr<ChooseAnswer> Choose(const std::string& token,
                                              const std::string& signed_request) = 0;
};

// A TLS connection to the server at HOST:PORT that has the certificate key with this SHA-256.
// Errors: UNAVAILABLE when nobody answers; DATA_LOSS when somebody else does.
absl::StatusOr<std::unique_ptr<Server>> Connect(const std::string& address,
                                                const Digest& certificate_key);

}  // namespace pinhole::cli
