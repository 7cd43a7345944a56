// What the front tells its operator: events of the closed set, with calls counted, not listed.
#pragma once

#include <array>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/front/reason.h"
#include "server/front/timed_call.h"
#include "server/system/event_log.h"

namespace pinhole::front {

// Whoever calls the front can fill no log: what calls cause is one line a reason and minute at the
// most. Thread-safe. Its Tick writes the counts, so a CallTimer has to know it.
class FrontLog final : public TimedCall {
 public:
  static constexpr int64_t kEveryMs = 60'000;

  explicit FrontLog(const EventLog& log) : log_(log) {}

  void Write(const Event& event) const { log_.Write(event); }

  // Counts a call that ended with an error: by its reason, or by its code when it has none. A
  // CANCELLED one, which its caller broke off, is not counted.
  void CountCall(const absl::Status& status);

  // A write of this use met a full disk. Written at once, unless one was in the last kEveryMs.
  void DiskFull(DiskUse use);

  // Writes what was counted and not yet written; at the end.
  void Flush();

  void Tick(int64_t now_ms) override;

 private:
  static constexpr size_t kCodes = 17;  // absl's canonical codes, OK included
  static constexpr size_t kUses = 5;    // of DiskUse

  const EventLog log_;
  absl::Mutex mutex_;
  std::array<int64_t, kLastReason> refused_ ABSL_GUARDED_BY(mutex_) = {};
  std::array<int64_t, kCodes> failed_ ABSL_GUARDED_BY(mutex_) = {};
  std::array<int64_t, kUses> disk_full_ms_ ABSL_GUARDED_BY(mutex_) = {};  // 0: never
  int64_t written_ms_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A reason as the log has it.
CallRefusal RefusalOf(Reason reason);

}  // namespace pinhole::front
