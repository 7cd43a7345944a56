// Carries a folder's heads to witnesses, and their cosignatures back, for as long as it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/cli/http.h"
#include "client/cli/witness_request.h"
#include "server/core/note/cosignature.h"
#include "server/core/note/signed_note.h"
#include "server/system/unique_fd.h"

namespace pinhole::cli {

// What one source answered when it was asked about a head of so many entries.
struct CourierNews {
  std::string source;
  uint64_t entries = 0;
  std::string text;
};

struct CourierTask {
  std::string folder;  // whose `checkpoint` is watched and cosigned
  NoteVerifier log;
  std::vector<WitnessVerifier> witnesses;
  std::function<absl::StatusOr<ProvableHead>()> read;  // the folder's head
  // Called from several threads at once; ends soon when it is broken off. Errors: UNAVAILABLE for a
  // source to be asked again.
  std::function<absl::StatusOr<std::string>(const std::string& source, const ProvableHead& head,
                                            HttpBreak& broken)>
      ask;
  std::function<void(const CourierNews& news)> tell;  // one call at a time
  absl::Duration first_retry = absl::Seconds(2);
  absl::Duration last_retry = absl::Seconds(60);
};

// A thread for each source, so that none waits for another. Each is asked about every head that the
// folder shows while the source is free; one that did not answer is asked about the same head
// again, after waits that double.
class Courier {
 public:
  explicit Courier(CourierTask task);

  // Until `stop_fd` is readable. A folder without a head is waited for. Errors: those of reading or
  // writing the folder; DATA_LOSS when its head is not the ledger's. Once.
  absl::Status Run(const std::vector<std::string>& sources, int stop_fd);

 private:
  absl::Status Watch(int stop_fd);
  // Looks at the folder's head, and wakes the sources when it is a new one.
  absl::Status Look();
  void Serve(const std::string& source, HttpBreak& broken);
  enum class Asked { kSettled, kAgain };
  Asked AskAbout(const std::string& source, const ProvableHead& head, HttpBreak& broken);
  void Tell(const std::string& source, const ProvableHead& head, std::string text);
  // Ends Run with this error.
  void Fail(const absl::Status& status);

  const CourierTask task_;
  const UniqueFd wake_;  // an eventfd, readable once a source failed
  absl::Mutex mutex_;
  std::shared_ptr<const ProvableHead> head_ ABSL_GUARDED_BY(mutex_);
  int64_t number_ ABSL_GUARDED_BY(mutex_) = 0;  // of the head, from 1 on
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex tell_mutex_;
};

}  // namespace pinhole::cli
