// Where requests are taken: joins, uploads, submissions and choices, from teams to the vault's next
// exchange.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/front/mirror.h"
#include "server/front/programs.h"
#include "server/front/projection.h"
#include "server/front/store.h"
#include "server/front/submission.h"

namespace pinhole::front {

struct JoinReceipt {
  std::string token;        // the only copy: the front keeps its hash
  int64_t exchange_ms = 0;  // Unix milliseconds; of the exchange that takes or took the join
};

struct ChoiceReceipt {
  int64_t exchange_ms = 0;  // Unix milliseconds; of the exchange that takes or took the choice
  bool taken = false;       // the ledger has it
};

// A waiting request on its way to the vault.
struct OutgoingRequest {
  int64_t id = 0;
  std::string text;
  std::optional<StoredProgram> program;  // of a submission
};

// A place in a team's list of submissions: what was listed up to there.
struct SubmissionCursor {
  int64_t admit = -1;   // index of the newest ADMIT among those that only the ledger knows
  int64_t request = 0;  // id of the newest stored request
  bool operator==(const SubmissionCursor&) const = default;
};
struct SubmissionPage {
  std::vector<SubmissionFacts> submissions;
  std::optional<SubmissionCursor> next;  // none on the last page
};

// kNothing: this team's program of that hash is stored already.
enum class UploadNeed { kNothing, kBytes };

inline constexpr size_t kMaxMessageBytes = 500;
// Programs a team may store beyond its tries: room for mistakes, not for a warehouse.
inline constexpr int kSparePrograms = 10;

// Thread-safe. Every error that is the caller's carries a Reason. Lock order: desk, mirror, store.
class Desk {
 public:
  // Rebuilds the mirror from the store and sorts the waiting requests. Store and mirror outlive the
  // desk; the mirror must be empty. Errors: as Mirror::Check, when the stored ledger is spoiled.
  static absl::StatusOr<std::unique_ptr<Desk>> Open(const std::string& folder, Store& store,
                                                    Mirror& mirror);

  // `text` is the signed join. The same join again gives a new token and sends nothing.
  absl::StatusOr<JoinReceipt> Join(std::string_view text);

  // Whether the team may upload such a program, and whether its bytes are wanted.
  absl::StatusOr<UploadNeed> PlanUpload(const ProgramFolder::Announced& announced);
  // Checks what came and gives it to the team. Another upload of the same program may have ended
  // before: then this one leaves nothing. Nor does one that could not be stored.
  absl::Status FinishUpload(const TeamIdentity& team, ProgramFolder::Upload& upload);

  // `text` is the signed submission. The same request again, or the same program under the same
  // policy, gives the earlier submission and sends nothing.
  absl::StatusOr<SubmissionFacts> Submit(const TeamIdentity& team, std::string_view text,
                                         std::string_view message);
  // `text` is the signed choice. It takes the place of another that waits; the same choice again
  // sends nothing.
  absl::StatusOr<ChoiceReceipt> Choose(const TeamIdentity& team, std::string_view text);
  absl::StatusOr<SubmissionFacts> GetSubmission(const TeamIdentity& team, const log::RequestId& id);
  // At most `limit` (at least 1) after a place, oldest first. Those that only the ledger knows were
  // there before this front's tables, and have a cursor of their own.
  absl::StatusOr<SubmissionPage> ListSubmissions(const TeamIdentity& team,
                                                 const SubmissionCursor& after, int64_t limit);

  // The first `limit` waiting requests in order of arrival.
  absl::StatusOr<std::vector<OutgoingRequest>> Batch(size_t limit);
  // The vault has taken these requests whole in an exchange that it then handed over. A request
  // that came whole kExchangesUntilKnown times while its contest's rounds went on, and that the
  // ledger still does not show, is one that the vault knows: this team sent the program before, to
  // a front whose tables are lost. It is not sent again.
  static constexpr int kExchangesUntilKnown = 3;
  absl::Status SettleTaken(const std::vector<int64_t>& ids);
  // What an exchange handed over: checked, stored with all that follows for the waiting requests,
  // then shown. Errors: as Mirror::Check; nothing is changed then.
  absl::Status TakeHandOver(int64_t first, std::vector<std::string> entries,
                            std::string checkpoint);

  const ProgramFolder& programs() const { return programs_; }

 private:
  Desk(Store& store, Mirror& mirror, ProgramFolder programs)
      : store_(store), mirror_(mirror), programs_(std::move(programs)) {}
  // After it was stored as `id`.
  absl::Status Queue(int64_t id, const pipe::Request& request, std::string_view text,
                     std::string_view message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WaitingRefusal(const pipe::SubmitRequest& request, std::string_view text)
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::Status CheckProgram(const TeamIdentity& team, const pipe::SubmitRequest& request);
  absl::StatusOr<std::optional<SubmissionFacts>> FindKnown(const TeamIdentity& team,
                                                           const pipe::SubmitRequest& request,
                                                           std::string_view text)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SubmissionFacts DescribeStored(const StoredRequest& stored) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  std::optional<SubmissionFacts> DescribeFromLedger(const TeamIdentity& team,
                                                    const log::RequestId& id) const;

  Store& store_;
  Mirror& mirror_;
  const ProgramFolder programs_;
  // Held while an upload gets its place, so that nobody removes a file that another just named.
  absl::Mutex place_mutex_;
  absl::Mutex mutex_;
  Projection projection_ ABSL_GUARDED_BY(mutex_);
  std::vector<StoredRequest> waiting_ ABSL_GUARDED_BY(mutex_);
  // Of waiting requests: in how many exchanges the vault took them, and the contest's last round
  // then.
  struct Taken {
    int exchanges = 0;
    int64_t round = 0;
  };
  std::map<int64_t, Taken> taken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
