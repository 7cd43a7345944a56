#include "server/front/upload_quota.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/core/base/status.h"
#include "server/front/reason.h"

namespace pinhole::front {
namespace {

absl::Status Busy(std::string_view text) {
  return WithRetryAfter(absl::Seconds(2),
                        Refuse(Reason::kBusy, absl::StatusCode::kResourceExhausted, text));
}
absl::Status OverQuota(std::string_view text) {
  return Refuse(Reason::kQuota, absl::StatusCode::kResourceExhausted, text);
}

// As limits are counted: one key in two contests is two teams.
std::string TeamText(const TeamIdentity& team) {
  return absl::StrFormat("%s %s", team.contest, team.key.ToHex());
}

}  // namespace

absl::StatusOr<UploadQuota::Lease> UploadQuota::Reserve(const TeamIdentity& team, int64_t bytes) {
  const std::string name = TeamText(team);
  absl::MutexLock lock(&mutex_);
  const auto found = by_team_.find(name);
  const UnderWay own = found == by_team_.end() ? UnderWay() : found->second;
  if (all_.uploads >= limits_.uploads) {
    return Busy("too many uploads at the moment: upload again in a moment");
  }
  if (own.uploads >= limits_.uploads_per_team) {
    return Busy(
        absl::StrFormat("this team has %d uploads under way, the most at a time: wait "
                        "until one has ended",
                        own.uploads));
  }
  RETURN_IF_ERROR(CheckBytes(team, bytes, own));
  RETURN_IF_ERROR(CheckDisk(bytes));
  RETURN_IF_ERROR(TakeOfDay(team, bytes));
  for (UnderWay* const counts : {&all_, &by_team_[name]}) {
    ++counts->uploads;
    counts->bytes += bytes;
  }
  return Lease(this, team, bytes);
}

absl::Status UploadQuota::TakeOfDay(const TeamIdentity& team, int64_t bytes) {
  const int64_t per_day = limits_.uploaded_bytes_per_team_and_day;
  const std::string name = TeamText(team);
  ASSIGN_OR_RETURN(const DailyUse stored, store_.FindUploadUse(team));
  DailyUse use = At(stored, per_day, clock_.NowUnixMs());
  const auto owed = owed_.find(name);
  if (owed != owed_.end()) use.used_bytes = std::max<int64_t>(0, use.used_bytes - owed->second);
  if (const int64_t wait_ms = WaitMs(use, per_day, bytes); wait_ms > 0) {
    // Else a count of a clock that was ahead would stand until the clock is there again.
    if (stored.at_ms > use.at_ms) RETURN_IF_ERROR(store_.SaveUploadUse(team, use));
    const absl::Status over = OverQuota(absl::StrFormat(
        "this team uploaded too much today: %d bytes a day are taken, kept or not", per_day));
    return bytes > per_day ? over : WithRetryAfter(absl::Milliseconds(wait_ms), over);
  }
  // Before the bytes come: a crash may count what did not come, and never forgets what did.
  use.used_bytes += bytes;
  RETURN_IF_ERROR(store_.SaveUploadUse(team, use));
  if (owed != owed_.end()) owed_.erase(owed);
  return absl::OkStatus();
}

absl::Status UploadQuota::GiveToDay(const TeamIdentity& team, int64_t bytes) {
  ASSIGN_OR_RETURN(const DailyUse stored, store_.FindUploadUse(team));
  DailyUse use = At(stored, limits_.uploaded_bytes_per_team_and_day, clock_.NowUnixMs());
  use.used_bytes = std::max<int64_t>(0, use.used_bytes - bytes);
  return store_.SaveUploadUse(team, use);
}

absl::Status UploadQuota::CheckBytes(const TeamIdentity& team, int64_t bytes, const UnderWay& own) {
  ASSIGN_OR_RETURN(const Store::ProgramBytes stored, store_.SumProgramBytes(team));
  if (stored.of_team + own.bytes + bytes > limits_.stored_bytes_per_team) {
    return OverQuota(absl::StrFormat(
        "this team's programs have %d bytes here; with %d more they pass the limit of %d: submit "
        "one that was uploaded, or ask the organizer for room",
        stored.of_team + own.bytes, bytes, limits_.stored_bytes_per_team));
  }
  if (stored.of_all + all_.bytes + bytes > limits_.stored_bytes) {
    return OverQuota("the server's room for programs is full: tell the organizer");
  }
  return absl::OkStatus();
}

absl::Status UploadQuota::CheckDisk(int64_t bytes) {
  struct statvfs facts {};
  if (::statvfs(folder_.c_str(), &facts) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("statvfs %s", folder_));
  }
  const auto free = static_cast<int64_t>(facts.f_bavail) * static_cast<int64_t>(facts.f_frsize);
  if (free - all_.bytes - bytes >= limits_.disk_reserve_bytes) return absl::OkStatus();
  return StorageFull();
}

void UploadQuota::GiveBack(const Lease& lease) {
  absl::MutexLock lock(&mutex_);
  --all_.uploads;
  all_.bytes -= lease.bytes_;
  const std::string name = TeamText(lease.team_);
  const auto own = by_team_.find(name);
  own->second.bytes -= lease.bytes_;
  if (--own->second.uploads == 0) by_team_.erase(own);
  const int64_t unused = lease.bytes_ - lease.received_;
  if (unused > 0 && !GiveToDay(lease.team_, unused).ok()) owed_[name] += unused;
}

int64_t UploadDueMs(const Limits& limits, int64_t begin_ms, int64_t received_bytes) {
  return begin_ms + 1000 * limits.upload_grace_seconds +
         received_bytes * 1000 / limits.upload_bytes_per_second;
}

}  // namespace pinhole::front
