// How a mirror lies on disk. A crash between the two files leaves entries that no head covers; they
// are dropped at the next growth.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/cli/mirror.h"
#include "server/core/base/status.h"
#include "server/core/log/tiles.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

constexpr size_t kMirrorLimitBytes = size_t{1} << 32;
constexpr size_t kNoteLimitBytes = size_t{1} << 16;

absl::Status Damaged(const std::string& folder, std::string_view what) {
  return absl::DataLossError(
      absl::StrFormat("the own copy of the ledger in %s is damaged: %s. Move that folder away and "
                      "run the command again to fetch the ledger anew",
                      folder, what));
}

// Released with the descriptor.
absl::StatusOr<UniqueFd> Lock(const std::string& folder) {
  const std::string path = folder + "/lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", path));
  if (::flock(fd.get(), LOCK_EX) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("lock %s", path));
  }
  return fd;
}

// Cuts the file to `offset`, then appends durably.
absl::Status AppendAt(const std::string& path, size_t offset, std::string_view bytes) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", path));
  if (::ftruncate(fd.get(), static_cast<off_t>(offset)) != 0 ||
      ::lseek(fd.get(), 0, SEEK_END) < 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cut %s", path));
  }
  RETURN_IF_ERROR(WriteAll(fd.get(), AsBytes(bytes), Deadline::Never()));
  if (::fsync(fd.get()) != 0) return absl::ErrnoToStatus(errno, absl::StrFormat("sync %s", path));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Mirror> Mirror::Open(std::string folder, const NoteVerifier& log) {
  Mirror mirror(std::move(folder), log);
  RETURN_IF_ERROR(mirror.Load());
  return mirror;
}

absl::Status Mirror::Load() {
  absl::StatusOr<std::string> note = ReadFile(folder_ + "/checkpoint", kNoteLimitBytes);
  if (absl::IsNotFound(note.status())) return absl::OkStatus();
  RETURN_IF_ERROR(note.status());
  const absl::StatusOr<pinhole::Checkpoint> head = OpenCheckpoint(*note, log_);
  if (!head.ok()) return Damaged(folder_, std::string(head.status().message()));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(folder_ + "/entries", kMirrorLimitBytes));
  std::string_view rest = bytes;
  while (entries_.size() < head->size) {
    const absl::StatusOr<std::string_view> entry = TakeEntryFrame(rest);
    if (!entry.ok()) return Damaged(folder_, std::string(entry.status().message()));
    if (const absl::Status applied = state_.Apply(*entry); !applied.ok()) {
      return Damaged(folder_, absl::StrFormat("entry %d: %s", state_.size(), applied.message()));
    }
    entries_.emplace_back(*entry);
  }
  if (state_.Root() != head->root) return Damaged(folder_, "it has not the root that was signed");
  stored_bytes_ = bytes.size() - rest.size();
  checkpoint_ = *std::move(note);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<EntrySource>> Mirror::Entries() const {
  const std::string path = folder_ + "/entries";
  UniqueFd fd;
  if (size() > 0) {
    ASSIGN_OR_RETURN(fd, OpenForRead(path));
  }
  return std::make_unique<FramedEntries>(std::move(fd), path, 0, size());
}

absl::Status Mirror::Store(std::span<const std::string> fresh, std::string_view checkpoint) {
  ASSIGN_OR_RETURN(const UniqueFd lock, Lock(folder_));
  int64_t on_disk = size();
  const absl::StatusOr<std::string> note = ReadFile(folder_ + "/checkpoint", kNoteLimitBytes);
  if (note.ok() ? *note != checkpoint_ : !checkpoint_.empty()) {
    // Another command grew the copy meanwhile, or somebody removed it.
    Mirror other(folder_, log_);
    RETURN_IF_ERROR(other.Load());
    RETURN_IF_ERROR(CheckSameLedger(other, fresh));
    on_disk = other.size();
    stored_bytes_ = other.stored_bytes_;
  }
  const int64_t end = size() + static_cast<int64_t>(fresh.size());
  if (on_disk >= end) return absl::OkStatus();
  std::string frames;
  for (int64_t i = on_disk; i < end; ++i) AppendEntryFrame(frames, EntryAt(i, fresh));
  RETURN_IF_ERROR(AppendAt(folder_ + "/entries", stored_bytes_, frames));
  RETURN_IF_ERROR(WriteFileDurably(folder_ + "/checkpoint", checkpoint, 0600));
  stored_bytes_ += frames.size();
  return absl::OkStatus();
}

const std::string& Mirror::EntryAt(int64_t index, std::span<const std::string> fresh) const {
  return index < size() ? entries_[static_cast<size_t>(index)]
                        : fresh[static_cast<size_t>(index - size())];
}

absl::Status Mirror::CheckSameLedger(const Mirror& other,
                                     std::span<const std::string> fresh) const {
  const int64_t end = std::min(other.size(), size() + static_cast<int64_t>(fresh.size()));
  for (int64_t i = 0; i < end; ++i) {
    if (other.entries_[static_cast<size_t>(i)] != EntryAt(i, fresh)) {
      return absl::DataLossError(absl::StrFormat(
          "LEDGER NOT VERIFIED: SPLIT VIEW: another command was shown another entry %d, signed by "
          "the same key. Compare log heads with other teams and tell the organizer",
          i));
    }
  }
  return absl::OkStatus();
}

}  // namespace pinhole::cli
