#include "server/dataset/spill_sort.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/system/files.h"

namespace pinhole::dataset {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr int kTopShift = 56;  // the highest byte of a key
constexpr size_t kWriteBytes = size_t{1} << 20;

// Before each record in the file.
struct Head {
  SortKey key;
  uint64_t size;
};
static_assert(sizeof(Head) == 24);

}  // namespace

// Appends to the file from a place on.
class SpillSort::RunWriter {
 public:
  RunWriter(int fd, int64_t at) : fd_(fd), at_(at) {}

  absl::Status Write(SortKey key, std::string_view record) {
    const Head head{key, record.size()};
    char raw[sizeof(head)];
    std::memcpy(raw, &head, sizeof(head));
    buffer_.append(raw, sizeof(head));
    buffer_.append(record);
    return buffer_.size() < kWriteBytes ? absl::OkStatus() : Flush();
  }

  absl::Status Flush() {
    for (size_t done = 0; done < buffer_.size();) {
      const ssize_t put = ::pwrite(fd_, buffer_.data() + done, buffer_.size() - done, at_);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        return absl::ErrnoToStatus(
            errno,
            "put rows aside in the new data set's folder; it needs free space of about three "
            "times the source");
      }
      done += static_cast<size_t>(put);
      at_ += put;
    }
    buffer_.clear();
    return absl::OkStatus();
  }

  int64_t at() const { return at_; }

 private:
  int fd_;
  int64_t at_;
  std::string buffer_;
};

// Reads one run, a buffer at a time.
class SpillSort::RunReader {
 public:
  RunReader(int fd, Run run) : fd_(fd), at_(run.begin), end_(run.end) {}

  absl::StatusOr<bool> Next() {
    used_ += taken_;
    taken_ = 0;
    if (used_ == buffer_.size() && at_ == end_) return false;
    RETURN_IF_ERROR(Have(sizeof(Head)));
    Head head;
    std::memcpy(&head, buffer_.data() + used_, sizeof(head));
    RETURN_IF_ERROR(Have(sizeof(head) + head.size));
    key_ = head.key;
    record_ = std::string_view(buffer_).substr(used_ + sizeof(head), head.size);
    taken_ = sizeof(head) + head.size;
    return true;
  }
  SortKey key() const { return key_; }
  std::string_view record() const { return record_; }

 private:
  absl::Status Have(size_t bytes) {
    if (buffer_.size() - used_ >= bytes) return absl::OkStatus();
    buffer_.erase(0, used_);
    used_ = 0;
    size_t filled = buffer_.size();
    const auto left = static_cast<uint64_t>(end_ - at_);
    buffer_.resize(filled + std::min<uint64_t>(left, std::max(kBufferBytes, bytes) - filled));
    while (filled < buffer_.size()) {
      const ssize_t got = ::pread(fd_, buffer_.data() + filled, buffer_.size() - filled, at_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return absl::ErrnoToStatus(errno, "read rows put aside");
      if (got == 0) return absl::DataLossError("rows put aside are gone");
      filled += static_cast<size_t>(got);
      at_ += got;
    }
    if (filled < bytes) return absl::DataLossError("rows put aside are cut off");
    return absl::OkStatus();
  }

  int fd_;
  int64_t at_;
  int64_t end_;
  std::string buffer_;
  size_t used_ = 0;   // bytes of the buffer that are behind
  size_t taken_ = 0;  // bytes of the current record
  SortKey key_;
  std::string_view record_;
};

// Several runs as one, by a heap of their readers.
class SpillSort::Merge {
 public:
  absl::Status Add(int fd, Run run) {
    readers_.push_back(std::make_unique<RunReader>(fd, run));
    ASSIGN_OR_RETURN(const bool any, readers_.back()->Next());
    if (any) Push(readers_.back().get());
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next() {
    if (current_ != nullptr) {
      ASSIGN_OR_RETURN(const bool more, current_->Next());
      if (more) Push(current_);
      current_ = nullptr;
    }
    if (heap_.empty()) return false;
    std::pop_heap(heap_.begin(), heap_.end(), After);
    current_ = heap_.back();
    heap_.pop_back();
    return true;
  }
  SortKey key() const { return current_->key(); }
  std::string_view record() const { return current_->record(); }

 private:
  static bool After(const RunReader* a, const RunReader* b) { return b->key() < a->key(); }
  void Push(RunReader* reader) {
    heap_.push_back(reader);
    std::push_heap(heap_.begin(), heap_.end(), After);
  }

  std::vector<std::unique_ptr<RunReader>> readers_;
  std::vector<RunReader*> heap_;
  RunReader* current_ = nullptr;  // not in the heap
};

SpillSort::SpillSort(std::string folder, size_t memory_bytes)
    : folder_(std::move(folder)), memory_bytes_(std::min(memory_bytes, kMostMemoryBytes)) {}

SpillSort::~SpillSort() = default;

absl::Status SpillSort::Add(SortKey key, std::string_view record) {
  const size_t needed = buffer_.size() + record.size() + (places_.size() + 1) * sizeof(Place);
  if (!places_.empty() && needed > memory_bytes_) RETURN_IF_ERROR(Spill());
  if (buffer_.capacity() < memory_bytes_ && places_.empty()) {
    // Addresses for all there will be; memory comes when it is touched, and nothing is ever moved.
    buffer_.reserve(memory_bytes_);
    places_.reserve(memory_bytes_ / sizeof(Place));
  }
  places_.push_back(
      {key, static_cast<uint32_t>(buffer_.size()), static_cast<uint32_t>(record.size())});
  buffer_.append(record);
  return absl::OkStatus();
}

absl::Status SpillSort::Seal() {
  if (runs_.empty()) {
    Sort(places_, kTopShift);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Spill());
  buffer_ = {};
  places_ = {};
  while (runs_.size() > kMergeWidth) RETURN_IF_ERROR(MergeFirstRuns());
  merge_ = std::make_unique<Merge>();
  for (const Run& run : runs_) RETURN_IF_ERROR(merge_->Add(file_.get(), run));
  return absl::OkStatus();
}

absl::StatusOr<bool> SpillSort::Next() {
  if (merge_ != nullptr) {
    ASSIGN_OR_RETURN(const bool more, merge_->Next());
    if (!more) return false;
    key_ = merge_->key();
    record_ = merge_->record();
    return true;
  }
  if (next_place_ == places_.size()) return false;
  const Place& place = places_[next_place_++];
  key_ = place.key;
  record_ = std::string_view(buffer_).substr(place.begin, place.size);
  return true;
}

// In place, by a byte of the key at a time from the top: keys are as good as random, so 256 bins
// are as good as full, and what is left in each fits a processor's cache. Keys that are alike end
// in a common sort by their whole.
void SpillSort::Sort(std::span<Place> places, int shift) {
  constexpr size_t kFew = 64;
  if (places.size() <= kFew || shift < 0) {
    std::ranges::sort(places, {}, &Place::key);
    return;
  }
  const auto bin_of = [shift](const Place& place) { return place.key.high >> shift & 0xFF; };
  std::array<size_t, 257> begins{};  // of the bins, and the end
  for (const Place& place : places) ++begins[bin_of(place) + 1];
  for (size_t bin = 0; bin < 256; ++bin) begins[bin + 1] += begins[bin];
  std::array<size_t, 257> next = begins;
  for (size_t bin = 0; bin < 256; ++bin) {
    while (next[bin] < begins[bin + 1]) {
      // Sends the place that stands here home, and takes what stood there, until one belongs here.
      Place hand = places[next[bin]];
      for (size_t home = bin_of(hand); home != bin; home = bin_of(hand))
        std::swap(hand, places[next[home]++]);
      places[next[bin]++] = hand;
    }
  }
  for (size_t bin = 0; bin < 256; ++bin)
    Sort(places.subspan(begins[bin], begins[bin + 1] - begins[bin]), shift - 8);
}

absl::Status SpillSort::Spill() {
  if (!file_.valid()) RETURN_IF_ERROR(OpenFile());
  Sort(places_, kTopShift);
  RunWriter writer(file_.get(), file_end_);
  for (const Place& place : places_) {
    RETURN_IF_ERROR(
        writer.Write(place.key, std::string_view(buffer_).substr(place.begin, place.size)));
  }
  RETURN_IF_ERROR(writer.Flush());
  runs_.push_back({file_end_, writer.at()});
  file_end_ = writer.at();
  buffer_.clear();
  places_.clear();
  return absl::OkStatus();
}

absl::Status SpillSort::MergeFirstRuns() {
  Merge merge;
  for (size_t i = 0; i < kMergeWidth; ++i) RETURN_IF_ERROR(merge.Add(file_.get(), runs_[i]));
  RunWriter writer(file_.get(), file_end_);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, merge.Next());
    if (!more) break;
    RETURN_IF_ERROR(writer.Write(merge.key(), merge.record()));
  }
  RETURN_IF_ERROR(writer.Flush());
  runs_.erase(runs_.begin(), runs_.begin() + kMergeWidth);
  runs_.push_back({file_end_, writer.at()});
  file_end_ = writer.at();
  return absl::OkStatus();
}

absl::Status SpillSort::OpenFile() {
  // Created, opened for reading too, and unlinked: the name is gone before the first byte is there.
  const std::string path = folder_ + "/rows-put-aside";
  RETURN_IF_ERROR(CreateForWrite(path, 0600).status());
  file_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file_.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", path));
  if (::unlink(path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("unlink %s", path));
  }
  return absl::OkStatus();
}

}  // namespace pinhole::dataset
