#include "server/front/call_gate.h"

#include <chrono>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/core/base/status.h"
#include "server/front/reason.h"

namespace pinhole::front {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
// Addresses and teams whose rate is remembered; a bucket takes about 100 bytes.
constexpr size_t kMostBuckets = 20'000;

absl::Status Busy(std::string_view text) {
  return WithRetryAfter(absl::Seconds(1),
                        Refuse(Reason::kBusy, absl::StatusCode::kResourceExhausted, text));
}

absl::Status RateLimited(std::string_view who, int64_t per_second, int64_t wait_ms) {
  return WithRetryAfter(
      absl::Milliseconds(wait_ms),
      Refuse(Reason::kRateLimited, absl::StatusCode::kResourceExhausted,
             absl::StrFormat("too many calls from %s: this server takes %d a second in the long "
                             "run; wait a moment, then call again",
                             who, per_second)));
}

}  // namespace

int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

CallGate::CallGate(const Limits& limits)
    : limits_(limits),
      address_rate_(limits.requests_burst, limits.requests_per_second * kSecondsPerDay,
                    kMostBuckets),
      team_rate_(limits.team_requests_burst, limits.team_requests_per_second * kSecondsPerDay,
                 kMostBuckets) {}

void CallGate::Counts::Add(CallKind kind, int64_t count) {
  calls += count;
  if (kind == CallKind::kWatch) watches += count;
  if (kind == CallKind::kUpload) uploads += count;
}

absl::StatusOr<CallGate::Lease> CallGate::Enter(const std::string& address, CallKind kind,
                                                int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  if (draining_ && kind != CallKind::kHealth) {
    return WithRetryAfter(absl::Seconds(5),
                          Refuse(Reason::kStopping, absl::StatusCode::kUnavailable,
                                 "the server is stopping: call again when it is back"));
  }
  if (const int64_t wait_ms = address_rate_.Take(address, 1, now_ms); wait_ms > 0) {
    return RateLimited("this address", limits_.requests_per_second, wait_ms);
  }
  const auto own = by_address_.find(address);
  RETURN_IF_ERROR(CheckPlaces(own == by_address_.end() ? Counts() : own->second, kind));
  all_.Add(kind, 1);
  by_address_[address].Add(kind, 1);
  return Lease(this, address, kind);
}

absl::Status CallGate::CheckPlaces(const Counts& own, CallKind kind) const {
  if (all_.calls >= limits_.calls) {
    return Busy("the server has as many calls under way as it takes: call again in a moment");
  }
  if (own.calls >= limits_.calls_per_address) {
    return Busy(
        absl::StrFormat("this address has %d calls under way, the most at a time: end one, "
                        "then call again",
                        own.calls));
  }
  if (kind == CallKind::kWatch && all_.watches >= limits_.watches) {
    return Busy("too many readers watch at the moment: use ListEntries, or try again later");
  }
  if (kind == CallKind::kWatch && own.watches >= limits_.watches_per_address) {
    return Busy(
        absl::StrFormat("this address has %d watches open, the most at a time: end one, or "
                        "use ListEntries",
                        own.watches));
  }
  // Also before its header says whose it is, an upload has its place.
  if (kind == CallKind::kUpload && all_.uploads >= limits_.uploads) {
    return Busy("too many uploads at the moment: upload again in a moment");
  }
  return absl::OkStatus();
}

CallGate::Lease::~Lease() {
  if (gate_ != nullptr) gate_->Leave(*this);
}

void CallGate::Leave(const Lease& lease) {
  absl::MutexLock lock(&mutex_);
  all_.Add(lease.kind_, -1);
  all_.answer_bytes -= lease.bytes_;
  const auto own = by_address_.find(lease.address_);
  own->second.Add(lease.kind_, -1);
  own->second.answer_bytes -= lease.bytes_;
  if (own->second.calls == 0) by_address_.erase(own);
}

absl::Status CallGate::Lease::HoldAnswer(int64_t bytes) {
  RETURN_IF_ERROR(gate_->HoldAnswer(address_, bytes));
  bytes_ += bytes;
  return absl::OkStatus();
}

absl::Status CallGate::HoldAnswer(const std::string& address, int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  Counts& own = by_address_.at(address);  // the lease keeps it
  if (own.answer_bytes + bytes > limits_.answer_bytes_per_address) {
    return Busy("this address does not read its answers: read those under way, then call again");
  }
  if (all_.answer_bytes + bytes > limits_.answer_bytes) {
    return Busy("too many answers wait to be read at the moment: call again in a moment");
  }
  own.answer_bytes += bytes;
  all_.answer_bytes += bytes;
  return absl::OkStatus();
}

absl::Status CallGate::TakeTeamRequest(std::string_view team, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  const int64_t wait_ms = team_rate_.Take(team, 1, now_ms);
  if (wait_ms == 0) return absl::OkStatus();
  return RateLimited("this team", limits_.team_requests_per_second, wait_ms);
}

void CallGate::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
}

int64_t CallGate::uploads() const {
  absl::MutexLock lock(&mutex_);
  return all_.uploads;
}

}  // namespace pinhole::front
