#include "server/vault/prediction_room.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/system/files.h"

namespace pinhole::vault {

absl::Status PredictionRoom::Grow(int64_t more) {
  ASSIGN_OR_RETURN(const int64_t free, FreeBytes(layout_->evidence()));
  more = std::min(more, (free - keep_free_bytes_) / slot_bytes_);
  // Another program may take some of it meanwhile.
  for (; more > 0; more /= 2) {
    absl::Status grown = GrowReserved(file_.get(), (room_ + more) * slot_bytes_);
    if (grown.ok()) {
      room_ += more;
      return grown;
    }
    if (!absl::IsResourceExhausted(grown)) return grown;
  }
  return absl::ResourceExhaustedError("no room for predictions");
}

absl::StatusOr<PredictionSlot> PredictionRoom::Take(int64_t admit, int64_t slot_bytes,
                                                    int64_t most) {
  if (!file_.valid()) {
    const std::string path = layout_->predictions(admit);
    absl::StatusOr<UniqueFd> file = CreateForWrite(path, 0600);
    if (absl::IsAlreadyExists(file.status())) {  // an exchange that failed left it
      ::unlink(path.c_str());
      file = CreateForWrite(path, 0600);
    }
    RETURN_IF_ERROR(file.status());
    file_ = *std::move(file);
    container_ = admit;
    slot_bytes_ = slot_bytes;
  }
  if (slot_bytes != slot_bytes_) return absl::InternalError("slots of an exchange differ in size");
  if (taken_ == room_) RETURN_IF_ERROR(Grow(room_ == 0 ? most : 1));
  return PredictionSlot{.container = container_, .offset = taken_++ * slot_bytes_};
}

absl::Status PredictionRoom::Finish() {
  if (!file_.valid()) return absl::OkStatus();
  if (taken_ == 0) {
    ::unlink(layout_->predictions(container_).c_str());
    return absl::OkStatus();
  }
  // Growth that failed may have left a part beyond.
  if (::ftruncate(file_.get(), taken_ * slot_bytes_) != 0)
    return absl::ErrnoToStatus(errno, "give back room for predictions");
  return absl::OkStatus();
}

absl::Status EnsurePredictionRoom(const Layout& layout, const replay::LedgerState& ledger,
                                  RunStore& runs) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> admits, runs.Unfinished());
  std::map<int64_t, int64_t> needed;  // bytes by container
  for (const int64_t admit : admits) {
    ASSIGN_OR_RETURN(const PredictionSlot slot, runs.Slot(admit));
    for (const auto& [name, contest] : ledger.contests()) {
      if (!contest.admissions.contains(admit)) continue;
      int64_t& bytes = needed[slot.container];
      bytes = std::max(bytes, slot.offset + contest.policy.policy.limits.output_bytes);
    }
  }
  for (const auto& [container, bytes] : needed) {
    const std::string path = layout.predictions(container);
    absl::StatusOr<UniqueFd> file = CreateForWrite(path, 0600);
    if (absl::IsAlreadyExists(file.status())) {
      file = UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
      if (!file->valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", path));
    }
    RETURN_IF_ERROR(file.status());
    RETURN_IF_ERROR(GrowReserved(file->get(), bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::set<std::string>> StrayPredictions(const Layout& layout, RunStore& runs) {
  ASSIGN_OR_RETURN(const std::set<int64_t> known, runs.Containers());
  std::set<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator file(layout.evidence(), error);
  for (; !error && file != std::filesystem::directory_iterator(); file.increment(error))
    names.insert(file->path().filename().string());
  if (error) {
    return absl::InternalError(
        absl::StrFormat("read the folder %s: %s", layout.evidence(), error.message()));
  }
  for (const int64_t container : known)
    names.erase(std::filesystem::path(layout.predictions(container)).filename().string());
  return names;
}

}  // namespace pinhole::vault
