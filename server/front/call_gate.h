// The gate that every call passes: how many, how often, and how much at a time, by address, by team
// and in all.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/front/limits.h"
#include "server/front/token_bucket.h"

namespace pinhole::front {

// kShort: one request, one answer. kHealth: the same, and after Drain still let through, since it
// is the answer to "do you stop?".
enum class CallKind { kShort, kWatch, kUpload, kHealth };

// Milliseconds of a clock that nobody sets, for limits over time.
int64_t SteadyMs();

// Thread-safe; outlives its leases. Every `now_ms` is of one clock that does not go back.
class CallGate {
 public:
  explicit CallGate(const Limits& limits);

  // A call's place, given back when the lease ends. Moves, never copies.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)),
          address_(std::move(other.address_)),
          kind_(other.kind_),
          bytes_(other.bytes_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    // Counts an answer that waits to be read, until the lease ends. Errors: RESOURCE_EXHAUSTED
    // (BUSY) when the address, or all together, have too much of that; nothing is counted then.
    absl::Status HoldAnswer(int64_t bytes);

   private:
    friend class CallGate;
    Lease(CallGate* gate, std::string address, CallKind kind)
        : gate_(gate), address_(std::move(address)), kind_(kind) {}
    CallGate* gate_;
    std::string address_;
    CallKind kind_;
    int64_t bytes_ = 0;
  };

  // A call of `address` (CallerAddress) begins. Errors: UNAVAILABLE (STOPPING) after Drain;
  // RESOURCE_EXHAUSTED: RATE_LIMITED with when to come again, or BUSY.
  absl::StatusOr<Lease> Enter(const std::string& address, CallKind kind, int64_t now_ms);

  // A call with a token of `team` (any text that is its own). Errors: RESOURCE_EXHAUSTED
  // (RATE_LIMITED).
  absl::Status TakeTeamRequest(std::string_view team, int64_t now_ms);

  // From now on nobody enters but kHealth.
  void Drain();

  int64_t uploads() const;
  const Limits& limits() const { return limits_; }

 private:
  struct Counts {
    int64_t calls = 0;
    int64_t watches = 0;
    int64_t uploads = 0;
    int64_t answer_bytes = 0;
    void Add(CallKind kind, int64_t count);
  };
  absl::Status CheckPlaces(const Counts& own, CallKind kind) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Leave(const Lease& lease);
  absl::Status HoldAnswer(const std::string& address, int64_t bytes);

  const Limits limits_;
  mutable absl::Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  Counts all_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Counts> by_address_ ABSL_GUARDED_BY(mutex_);  // with calls under way
  TokenBuckets address_rate_ ABSL_GUARDED_BY(mutex_);
  TokenBuckets team_rate_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pinhole::front
