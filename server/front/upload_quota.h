// What may be uploaded: how many at a time, and how many bytes, by team and in all.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/front/limits.h"
#include "server/front/store.h"
#include "server/system/clock.h"

namespace pinhole::front {

// Thread-safe; outlives its leases.
class UploadQuota {
 public:
  // `folder` is where programs are stored. Store and clock outlive the quota.
  UploadQuota(const Limits& limits, Store& store, std::string folder, const WallClock& clock)
      : limits_(limits), store_(store), folder_(std::move(folder)), clock_(clock) {}

  // A place for one upload, given back when the lease ends. Moves, never copies.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)),
          team_(std::move(other.team_)),
          bytes_(other.bytes_),
          received_(other.received_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (quota_ != nullptr) quota_->GiveBack(*this);
    }
    // What came of it; the rest of what was announced does not count for the day.
    void CountReceived(int64_t bytes) { received_ += bytes; }

   private:
    friend class UploadQuota;
    Lease(UploadQuota* quota, TeamIdentity team, int64_t bytes)
        : quota_(quota), team_(std::move(team)), bytes_(bytes) {}
    UploadQuota* quota_;
    TeamIdentity team_;
    int64_t bytes_;
    int64_t received_ = 0;
  };

  // An upload of `bytes` that `team` announced and does not have yet. Errors: RESOURCE_EXHAUSTED:
  // BUSY when too many are under way; QUOTA when a limit of bytes would be passed; STORAGE_FULL
  // when the disk's reserve would be touched, or there is no room to write the day's count.
  absl::StatusOr<Lease> Reserve(const TeamIdentity& team, int64_t bytes);

 private:
  struct UnderWay {
    int64_t uploads = 0;
    int64_t bytes = 0;
  };
  absl::Status CheckBytes(const TeamIdentity& team, int64_t bytes, const UnderWay& own)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckDisk(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TakeOfDay(const TeamIdentity& team, int64_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status GiveToDay(const TeamIdentity& team, int64_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(const Lease& lease);

  const Limits limits_;
  Store& store_;
  const std::string folder_;
  const WallClock& clock_;
  absl::Mutex mutex_;
  UnderWay all_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, UnderWay> by_team_ ABSL_GUARDED_BY(mutex_);
  // Bytes of the day to give back that the store had no room for.
  std::map<std::string, int64_t> owed_ ABSL_GUARDED_BY(mutex_);
};

// The moment, in milliseconds, until which an upload that began at `begin_ms` and has received so
// many bytes may go on without more.
int64_t UploadDueMs(const Limits& limits, int64_t begin_ms, int64_t received_bytes);

}  // namespace pinhole::front
