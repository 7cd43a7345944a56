// How a mirror lies on disk. A crash between the two files leaves entries that no head covers; they
// are dropped at the next growth.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <functional>
#include <optional>

#include "absl/strings/str_format.h"
#include "client/cli/mirror.h"
#include "server/core/base/status.h"
#include "server/core/log/merkle.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

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

// Cuts the file to `offset`, then appends what `write` writes, durably. Returns its new length.
absl::StatusOr<int64_t> AppendAt(const std::string& path, int64_t offset,
                                 const std::function<absl::Status(int fd)>& write) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", path));
  if (::ftruncate(fd.get(), offset) != 0 || ::lseek(fd.get(), 0, SEEK_END) < 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cut %s", path));
  }
  RETURN_IF_ERROR(write(fd.get()));
  if (::fsync(fd.get()) != 0) return absl::ErrnoToStatus(errno, absl::StrFormat("sync %s", path));
  const off_t length = ::lseek(fd.get(), 0, SEEK_CUR);
  if (length < 0) return absl::ErrnoToStatus(errno, absl::StrFormat("measure %s", path));
  return length;
}

}  // namespace

absl::StatusOr<Mirror> Mirror::Open(std::string folder, const NoteVerifier& log,
                                    replay::Keep keep) {
  Mirror mirror(std::move(folder), log, keep);
  RETURN_IF_ERROR(mirror.Load());
  return mirror;
}

absl::Status Mirror::Load() {
  absl::StatusOr<std::string> note = ReadFile(folder_ + "/checkpoint", kNoteLimitBytes);
  if (absl::IsNotFound(note.status())) return absl::OkStatus();
  RETURN_IF_ERROR(note.status());
  const absl::StatusOr<pinhole::Checkpoint> head = OpenCheckpoint(*note, log_);
  if (!head.ok()) return Damaged(folder_, std::string(head.status().message()));
  const std::string path = folder_ + "/entries";
  ASSIGN_OR_RETURN(UniqueFd fd, OpenForRead(path));
  FramedEntries entries(std::move(fd), path, 0, static_cast<int64_t>(head->size));
  const absl::Status replayed = ForEachEntry(entries, [&](std::string_view entry) {
    absl::Status applied = state_.Apply(entry);
    if (applied.ok()) return applied;
    return absl::DataLossError(absl::StrFormat("entry %d: %s", size(), applied.message()));
  });
  if (absl::IsDataLoss(replayed)) return Damaged(folder_, std::string(replayed.message()));
  RETURN_IF_ERROR(replayed);
  if (state_.Root() != head->root) return Damaged(folder_, "it has not the root that was signed");
  stored_bytes_ = entries.position();
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

absl::Status Mirror::Store(EntrySource& fresh, int64_t end, std::string_view checkpoint) {
  ASSIGN_OR_RETURN(const UniqueFd lock, Lock(folder_));
  int64_t on_disk = size();
  const absl::StatusOr<std::string> note = ReadFile(folder_ + "/checkpoint", kNoteLimitBytes);
  if (note.ok() ? *note != checkpoint_ : !checkpoint_.empty()) {
    // Another command grew the copy meanwhile, or somebody removed it.
    Mirror other(folder_, log_, replay::Keep::kWhatTheRulesNeed);
    RETURN_IF_ERROR(other.Load());
    RETURN_IF_ERROR(CheckSameLedger(other, fresh));
    on_disk = other.size();
    stored_bytes_ = other.stored_bytes_;
  }
  if (on_disk >= end) return absl::OkStatus();
  const auto write = [&](int fd) -> absl::Status {
    RETURN_IF_ERROR(fresh.Seek(on_disk - size()));
    FrameWriter writer(fd);
    for (int64_t i = on_disk; i < end; ++i) {
      ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, fresh.Next());
      if (!entry.has_value()) return absl::DataLossError("entries that came are gone");
      RETURN_IF_ERROR(writer.Append(*entry));
    }
    return writer.Flush();
  };
  ASSIGN_OR_RETURN(stored_bytes_, AppendAt(folder_ + "/entries", stored_bytes_, write));
  return WriteFileDurably(folder_ + "/checkpoint", checkpoint, 0600);
}

absl::Status Mirror::CheckSameLedger(const Mirror& other, EntrySource& fresh) const {
  if (other.size() < size()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the own copy of the ledger in %s was removed or put back meanwhile: run the command again",
        folder_));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<EntrySource> theirs, other.Entries());
  const auto alarm = [](std::string_view what) {
    return absl::DataLossError(absl::StrFormat(
        "LEDGER NOT VERIFIED: SPLIT VIEW: another command was shown another %s, signed by the same "
        "key. Compare log heads with other teams and tell the organizer",
        what));
  };
  MerkleFrontier common;
  while (static_cast<int64_t>(common.size()) < size()) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, theirs->Next());
    if (!entry.has_value()) return alarm("ledger");
    common.Append(LeafHash(*entry));
  }
  if (common.Root() != state_.Root()) return alarm("ledger");
  RETURN_IF_ERROR(fresh.Seek(0));
  for (int64_t i = size();; ++i) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> their, theirs->Next());
    ASSIGN_OR_RETURN(const std::optional<std::string_view> our, fresh.Next());
    if (!their.has_value() || !our.has_value()) return absl::OkStatus();
    if (*their != *our) return alarm(absl::StrFormat("entry %d", i));
  }
}

}  // namespace pinhole::cli
