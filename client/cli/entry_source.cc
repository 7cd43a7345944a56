#include "client/cli/entry_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/tiles.h"
#include "server/core/replay/bundle.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"

namespace pinhole::cli {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr size_t kLongestEntry = 65'535;
constexpr size_t kLongestFrame = kLongestEntry + 2;
constexpr int64_t kMarkEvery = 256;

}  // namespace

absl::Status ForEachEntry(EntrySource& source,
                          const std::function<absl::Status(std::string_view)>& take) {
  RETURN_IF_ERROR(source.Seek(0));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, source.Next());
    if (!entry.has_value()) return absl::OkStatus();
    RETURN_IF_ERROR(take(*entry));
  }
}

FramedEntries::FramedEntries(UniqueFd fd, std::string path, int64_t first_byte,
                             std::optional<int64_t> count)
    : fd_(std::move(fd)), path_(std::move(path)), count_(count), end_(first_byte) {
  marks_.push_back(first_byte);
}

absl::StatusOr<std::optional<std::string_view>> FramedEntries::Next() {
  if (at_ == count_) return std::nullopt;
  if (at_ == kMarkEvery * static_cast<int64_t>(marks_.size())) marks_.push_back(position());
  if (rest_.size() < kLongestFrame) RETURN_IF_ERROR(Fill());
  if (rest_.empty() && !count_.has_value()) return std::nullopt;
  const absl::StatusOr<std::string_view> entry = TakeEntryFrame(rest_);
  if (!entry.ok()) {
    return absl::DataLossError(absl::StrFormat("%s: entry %d: %s: fetch the ledger again", path_,
                                               at_, entry.status().message()));
  }
  ++at_;
  return *entry;
}

absl::Status FramedEntries::Seek(int64_t index) {
  const auto mark = std::min<int64_t>(index / kMarkEvery, static_cast<int64_t>(marks_.size()) - 1);
  at_ = mark * kMarkEvery;
  const int64_t place = marks_[static_cast<size_t>(mark)];
  const int64_t begin = end_ - static_cast<int64_t>(buffer_.size());
  if (begin <= place && place < end_) {  // it was read already
    rest_ = std::string_view(buffer_).substr(static_cast<size_t>(place - begin));
  } else {
    end_ = place;
    buffer_.clear();
    rest_ = {};
  }
  while (at_ < index) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, Next());
    if (!entry.has_value()) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status FramedEntries::Fill() {
  buffer_.erase(0, buffer_.size() - rest_.size());
  size_t filled = buffer_.size();
  buffer_.resize(kBufferBytes);
  while (filled < kBufferBytes) {
    const ssize_t got = ::pread(fd_.get(), &buffer_[filled], kBufferBytes - filled, end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrFormat("read %s", path_));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    end_ += got;
  }
  buffer_.resize(filled);
  rest_ = buffer_;
  return absl::OkStatus();
}

absl::Status FrameWriter::Append(std::string_view entry) {
  AppendEntryFrame(buffer_, entry);
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status FrameWriter::Flush() {
  RETURN_IF_ERROR(WriteAll(fd_, AsBytes(buffer_), Deadline::Never()));
  buffer_.clear();
  return absl::OkStatus();
}

absl::StatusOr<EntrySpool> EntrySpool::Make(const std::string& folder) {
  ASSIGN_OR_RETURN(const TempDir temporary, TempDir::Make(folder));
  const std::string path = temporary.path() + "/entries";
  ASSIGN_OR_RETURN(UniqueFd written, CreateForWrite(path, 0600));
  ASSIGN_OR_RETURN(UniqueFd read, OpenForRead(path));
  return EntrySpool(std::move(written), std::move(read));
}

absl::Status EntrySpool::Append(std::string_view entry) {
  if (entry.empty() || entry.size() > kLongestEntry) {
    return absl::DataLossError(absl::StrFormat(
        "entry %d of those that came has %d bytes, which no entry has", size_, entry.size()));
  }
  ++size_;
  return writer_.Append(entry);
}

absl::StatusOr<std::unique_ptr<EntrySource>> EntrySpool::Read() && {
  RETURN_IF_ERROR(writer_.Flush());
  return std::make_unique<FramedEntries>(std::move(read_), "what came", 0, size_);
}

absl::StatusOr<std::optional<std::string_view>> TileEntries::Next() {
  if (at_ >= reader_.size()) return std::nullopt;
  if (const uint64_t wanted = at_ / kTileWidth; bundle_at_ != wanted) {
    absl::StatusOr<std::vector<std::string>> bundle = reader_.Bundle(wanted);
    if (!bundle.ok()) {
      return absl::DataLossError(absl::StrFormat("%s: %s", folder_, bundle.status().message()));
    }
    bundle_ = *std::move(bundle);
    bundle_at_ = wanted;
  }
  return bundle_[at_++ % kTileWidth];
}

absl::Status TileEntries::Seek(int64_t index) {
  at_ = static_cast<uint64_t>(index);
  return absl::OkStatus();
}

absl::StatusOr<EntryFile> OpenBundle(const std::string& path) {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenForRead(path));
  std::string head(replay::kBundleHeadLimitBytes, '\0');
  size_t filled = 0;
  while (filled < head.size()) {
    const ssize_t got = ::read(fd.get(), &head[filled], head.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrFormat("read %s", path));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  std::string_view rest = std::string_view(head).substr(0, filled);
  absl::StatusOr<std::string> checkpoint = replay::TakeBundleHead(rest);
  if (!checkpoint.ok()) {
    return absl::DataLossError(absl::StrFormat("%s: %s", path, checkpoint.status().message()));
  }
  const auto first_byte = static_cast<int64_t>(filled - rest.size());
  return EntryFile{*std::move(checkpoint),
                   std::make_unique<FramedEntries>(std::move(fd), path, first_byte, std::nullopt)};
}

}  // namespace pinhole::cli
