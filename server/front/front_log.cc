#include "server/front/front_log.h"

#include <optional>
#include <utility>

#include "server/front/call_gate.h"

namespace pinhole::front {
namespace {

std::optional<size_t> IndexOfReason(const absl::Status& status) {
  const std::optional<std::string> name = ReasonOf(status);
  for (int reason = 1; name.has_value() && reason <= kLastReason; ++reason) {
    if (Name(static_cast<Reason>(reason)) == *name) return static_cast<size_t>(reason - 1);
  }
  return std::nullopt;
}

}  // namespace

CallRefusal RefusalOf(Reason reason) {
  static_assert(static_cast<int>(CallRefusal::kStorageFull) + 1 == kLastReason);
  return static_cast<CallRefusal>(static_cast<int>(reason) - 1);
}

void FrontLog::CountCall(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status)) return;
  const std::optional<size_t> reason = IndexOfReason(status);
  absl::MutexLock lock(&mutex_);
  if (reason.has_value()) {
    ++refused_[*reason];
  } else {
    ++failed_[static_cast<size_t>(status.code()) % kCodes];
  }
}

void FrontLog::DiskFull(DiskUse use) {
  const int64_t now_ms = SteadyMs();
  {
    absl::MutexLock lock(&mutex_);
    int64_t& last_ms = disk_full_ms_[static_cast<size_t>(use)];
    if (last_ms != 0 && now_ms - last_ms < kEveryMs) return;
    last_ms = now_ms;
  }
  log_.Write(event::DiskFull{.use = use});
}

void FrontLog::Flush() {
  decltype(refused_) refused;
  decltype(failed_) failed;
  {
    absl::MutexLock lock(&mutex_);
    refused = std::exchange(refused_, {});
    failed = std::exchange(failed_, {});
  }
  for (size_t i = 0; i < refused.size(); ++i) {
    if (refused[i] == 0) continue;
    const auto reason = static_cast<Reason>(i + 1);
    log_.Write(event::CallsRefused{.reason = RefusalOf(reason), .calls = refused[i]});
  }
  for (size_t i = 0; i < failed.size(); ++i) {
    if (failed[i] == 0) continue;
    log_.Write(event::CallsFailed{.code = static_cast<int64_t>(i), .calls = failed[i]});
  }
}

void FrontLog::Tick(int64_t now_ms) {
  {
    absl::MutexLock lock(&mutex_);
    if (written_ms_ != 0 && now_ms - written_ms_ < kEveryMs) return;
    // The first tick only begins to count the time.
    if (std::exchange(written_ms_, now_ms) == 0) return;
  }
  Flush();
}

}  // namespace pinhole::front
