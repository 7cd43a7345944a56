// One exchange's batch of requests, taken from frames: programs are hashed as they come and stored
// under the name of their hash.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/core/pipe/requests.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/replay/requests_check.h"
#include "server/system/unique_fd.h"

namespace pinhole::vault {

// A request that came whole, signatures checked; a submission with its program stored and hashed to
// what the team signed.
struct Arrived {
  pipe::Request request;
  std::string program_path;  // of a submission
  Digest commitment{};       // SHA-256(nonce ‖ program)
};

// What one batch may bring at the most, whoever owns the front.
inline constexpr size_t kMaxRequestsOfBatch = 10'000;
inline constexpr size_t kMostCosignatures = 64;

// Not thread-safe. `state` must not change while the intake lives.
class Intake {
 public:
  // Programs are written below `programs_directory`, and none that would leave less than
  // `keep_free_bytes` free there.
  Intake(const replay::LedgerState& state, std::string programs_directory,
         int64_t keep_free_bytes = 0)
      : state_(state),
        programs_(std::move(programs_directory)),
        keep_free_bytes_(keep_free_bytes) {}

  // Removes a program that came in part.
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Takes one frame of 4,096 bytes. Errors: INVALID_ARGUMENT when the front breaks the protocol:
  // its connection is to be closed, and what arrived whole before still counts. A request that is
  // not admissible is no error: it is dropped, and the front, which knows the same ledger, can tell
  // its client why.
  absl::Status Take(std::string_view frame);

  bool ended() const { return ended_; }
  // The size of the front's mirror, once its hello came.
  std::optional<int64_t> mirror_size() const { return mirror_size_; }
  const std::vector<Arrived>& arrived() const { return arrived_; }
  // Signature lines by whomever, unverified, at most kMostCosignatures.
  const std::vector<std::string>& cosignatures() const { return cosignatures_; }
  // Programs that were dropped since the disk had no room: their teams may send them again.
  int64_t dropped_for_room() const { return dropped_for_room_; }

 private:
  // A program under way.
  struct Receiving {
    pipe::SubmitRequest request;
    int64_t left = 0;
    UniqueFd file;  // invalid: the request was refused already, the bytes are dropped
    std::string temporary;
    Sha256Hasher hash;
    replay::ProgramCommitment commitment;
  };
  absl::Status TakeRequest(std::string_view text);
  void TakeJoin(pipe::JoinRequest join);
  void TakeChoice(pipe::ChooseRequest choice);
  bool MayBeAdmitted(const pipe::SubmitRequest& request) const;
  // Opens the file that a submission's program goes to, when it may be admitted.
  void OpenProgram(Receiving& receiving);
  absl::Status TakeProgram(std::string_view chunk);
  absl::Status FinishProgram();

  const replay::LedgerState& state_;
  std::string programs_;
  int64_t keep_free_bytes_ = 0;
  int64_t dropped_for_room_ = 0;
  bool ended_ = false;
  std::optional<int64_t> mirror_size_;
  std::optional<Receiving> receiving_;
  std::vector<Arrived> arrived_;
  std::vector<std::string> cosignatures_;
  size_t requests_ = 0;
  std::set<PublicKey> joining_;                // teams whose join came in this batch
  std::set<PublicKey> invitations_;            // their invitations, by the one-use key
  std::set<PublicKey> choosing_;               // teams whose choice came in this batch
  std::map<PublicKey, int> programs_of_team_;  // stored in this batch
};

// Where a program of a team is stored.
std::string ProgramPath(const std::string& programs_directory, const PublicKey& team,
                        const Digest& program);

}  // namespace pinhole::vault
