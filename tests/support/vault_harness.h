// A real vault process on a small data set, and the front's end of its socket, for tests: every
// byte that leaves is recorded.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/core/base/ed25519.h"
#include "server/core/note/signed_note.h"
#include "server/core/pipe/frames.h"
#include "server/core/pipe/requests.h"
#include "server/core/replay/ledger_state.h"
#include "server/system/temp_dir.h"
#include "server/system/unique_fd.h"

namespace pinhole::testing {

// A program started by a test; killed and reaped when it ends.
class Process {
 public:
  // `output` gets standard output and error; runs with the environment and these settings on top.
  static Process Start(const std::vector<std::string>& command, const std::string& output,
                       const std::map<std::string, std::string>& environment = {});
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~Process();
  pid_t pid() const { return pid_; }
  void Kill(int signal) const;
  // Waits for its end; the raw wait status. Aborts the test after `patience`.
  int Wait(absl::Duration patience);

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

// Runs to the end and returns its output; the exit code goes to `exit_code`.
std::string RunCommand(const std::vector<std::string>& command, int& exit_code);

// The path of a built program, and of one built for tests alone.
std::string Bin(std::string_view name);
std::string TestBin(std::string_view name);

inline constexpr uid_t kVaultUser = 64001;
inline constexpr gid_t kFrontGroup = 64002;
inline constexpr gid_t kLanesGroup = 64100;

struct VaultOptions {
  std::string program = "pinhole-vault";           // or pinhole-vault-faults
  std::map<std::string, std::string> environment;  // PINHOLE_FAULT
  int lanes = 2;
  int tries = 20;
  int waiting = 10;
  int shown_failures = 3;
  int acts_bits = 1000;
  bool machine_lock = false;  // in a folder of its own
  std::string duration = "1h";
  std::string predictions = "text";  // or f32, f64
  // Each exchange window has the second that the run window leaves of a round.
  int round_seconds = 3;
};

// Folder, keys (owner TestKey(2), organizer TestKey(1)), data set of 100 training, 60 public and 40
// final rows with labels around 4.5, vault served with short rounds, contest "demo" open. Every
// step aborts the test on failure.
class VaultHarness {
 public:
  explicit VaultHarness(const VaultOptions& options);

  const std::string& folder() const { return folder_.path(); }
  std::string vault_folder() const { return folder() + "/vault"; }
  std::string socket() const { return folder() + "/pipe/socket"; }
  std::string Output() const;

  void Serve(const std::map<std::string, std::string>& environment = {});
  void OpenContest();
  Process& process() { return *process_; }

  // The head that this vault signs over the first `size` of `entries`: signatures are
  // deterministic.
  std::string HeadOf(const std::vector<std::string>& entries, int64_t size) const;
  // All bytes that the exchange of `round` owes a front whose mirror has `first` entries, when the
  // ledger then had the first `size` of `entries`.
  std::string Owed(int64_t round, int64_t first, const std::vector<std::string>& entries,
                   int64_t size) const;

 private:
  VaultOptions options_;
  TempDir folder_;
  std::optional<Process> process_;
};

// The front's end: sends batches when an exchange opens, applies what is handed over to a mirror of
// its own.
class FrontDriver {
 public:
  explicit FrontDriver(std::string socket) : socket_(std::move(socket)) {}

  // One exchange: waits for kOpen, sends hello, `requests` (with their programs) and the end, takes
  // the hand-over. Reconnects when the vault went away. Returns its round, or an error when no
  // exchange was whole within `patience`.
  absl::StatusOr<int64_t> Exchange(const std::vector<std::pair<std::string, std::string>>& requests,
                                   absl::Duration patience = absl::Seconds(20));

  const replay::LedgerState& mirror() const { return mirror_; }
  const std::vector<std::string>& entries() const { return entries_; }
  const std::string& checkpoint() const { return checkpoint_; }
  // Every byte vault -> front of whole exchanges, and from which mirror size each was handed over.
  struct Recorded {
    int64_t round = 0;
    int64_t first = 0;
    std::string bytes;
    int64_t opened_us = 0;  // Unix time when kOpen had come
    int64_t done_us = 0;    // and when kDone had
  };
  const std::vector<Recorded>& recorded() const { return recorded_; }
  // The ledger's size when the exchange of a record ended.
  int64_t SizeAfter(size_t record) const;
  // Waits until the vault closes the connection; Unix milliseconds of that moment. Errors: bytes
  // that come before, or none of both within `patience`.
  absl::StatusOr<int64_t> AwaitClose(absl::Duration patience) const;

 private:
  absl::Status ReadFrame(std::string& frame, absl::Time give_up) const;
  absl::StatusOr<int64_t> TryExchange(
      const std::vector<std::pair<std::string, std::string>>& requests, absl::Time give_up);
  absl::Status Apply(const std::vector<std::string>& entries);

  std::string socket_;
  UniqueFd connection_;
  replay::LedgerState mirror_;
  std::vector<std::string> entries_;
  std::string checkpoint_;
  std::vector<Recorded> recorded_;
};

// A join of team TestKey(key) by the name, and a submission, as signed texts.
std::string JoinText(std::string_view team, uint8_t key);
std::string SubmitText(const replay::LedgerState& mirror, uint8_t key, std::string_view program,
                       std::string_view request_id);

}  // namespace pinhole::testing
