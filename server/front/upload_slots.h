// How many uploads may be under way: few in all, fewer of one team.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/core/base/ed25519.h"

namespace pinhole::front {

// Thread-safe; outlives its leases.
class UploadSlots {
 public:
  static constexpr int kMost = 32;
  static constexpr int kMostOfATeam = 2;

  // A place that is given back when the lease ends. Moves, never copies.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)), team_(other.team_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (slots_ != nullptr) slots_->GiveBack(team_);
    }

   private:
    friend class UploadSlots;
    Lease(UploadSlots* slots, const PublicKey& team) : slots_(slots), team_(team) {}
    UploadSlots* slots_;
    PublicKey team_;
  };

  // Nothing when the team, or all together, have as many as may be.
  std::optional<Lease> Take(const PublicKey& team) {
    absl::MutexLock lock(&mutex_);
    const auto found = by_team_.find(team);
    if (total_ >= kMost || (found != by_team_.end() && found->second >= kMostOfATeam)) {
      return std::nullopt;
    }
    ++total_;
    ++by_team_[team];
    return Lease(this, team);
  }

 private:
  void GiveBack(const PublicKey& team) {
    absl::MutexLock lock(&mutex_);
    --total_;
    const auto found = by_team_.find(team);
    if (--found->second == 0) by_team_.erase(found);
  }

  absl::Mutex mutex_;
  int total_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<PublicKey, int> by_team_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
