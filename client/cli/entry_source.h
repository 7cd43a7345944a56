// The entries of a ledger in their order, from a file or from a folder of static files: one at a
// time, so that a ledger of any length needs no more memory than a piece of it. Nothing is
// verified.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/publish/static_ledger.h"
#include "server/system/unique_fd.h"

namespace pinhole::cli {

class EntrySource {
 public:
  virtual ~EntrySource() = default;

  // The next entry, valid until the next call; nothing after the last. Errors: DATA_LOSS for what
  // is malformed or missing; else the errno.
  virtual absl::StatusOr<std::optional<std::string_view>> Next() = 0;
  // Entry `index` comes next, or nothing when there are fewer. Errors: as Next.
  virtual absl::Status Seek(int64_t index) = 0;
};

// Hands all entries to `take`, from the first on. Errors: those of `source` and `take`.
absl::Status ForEachEntry(EntrySource& source,
                          const std::function<absl::Status(std::string_view)>& take);

// Entries framed as in a bundle (core/log/tiles.h), from a place in a file on. What others append
// meanwhile is left alone.
class FramedEntries final : public EntrySource {
 public:
  // `path` is for messages. With a `count` the first so many are read, without it all up to the
  // file's end. The file may be none (an invalid `fd`) when `count` is 0.
  FramedEntries(UniqueFd fd, std::string path, int64_t first_byte, std::optional<int64_t> count);

  absl::StatusOr<std::optional<std::string_view>> Next() override;
  absl::Status Seek(int64_t index) override;

  // In the file, behind the entry that Next returned last.
  int64_t position() const { return end_ - static_cast<int64_t>(rest_.size()); }

 private:
  absl::Status Fill();

  UniqueFd fd_;
  std::string path_;
  std::optional<int64_t> count_;
  int64_t at_ = 0;              // the next entry
  int64_t end_;                 // in the file, behind what was read
  std::string buffer_;          // what was read
  std::string_view rest_;       // of it, from the next entry on
  std::vector<int64_t> marks_;  // where every 256th entry begins, as far as one came
};

// Writes what FramedEntries reads. Flush must be called; nothing is synced.
class FrameWriter {
 public:
  explicit FrameWriter(int fd) : fd_(fd) {}

  // Needs 1 to 65,535 bytes. Errors: the errno.
  absl::Status Append(std::string_view entry);
  absl::Status Flush();

 private:
  int fd_;  // borrowed
  std::string buffer_;
};

// Entries put aside until all of them came, in a file that has no name: it is gone with the
// process.
class EntrySpool {
 public:
  // On the file system of `folder`; an empty one means that of temporary files.
  static absl::StatusOr<EntrySpool> Make(const std::string& folder = "");

  // Errors: DATA_LOSS for a length that no ledger's entry has; else the errno.
  absl::Status Append(std::string_view entry);
  int64_t size() const { return size_; }

  // What was appended.
  absl::StatusOr<std::unique_ptr<EntrySource>> Read() &&;

 private:
  EntrySpool(UniqueFd written, UniqueFd read)
      : written_(std::move(written)), read_(std::move(read)), writer_(written_.get()) {}

  UniqueFd written_;
  UniqueFd read_;
  FrameWriter writer_;
  int64_t size_ = 0;
};

// The entries of a folder of static files.
class TileEntries final : public EntrySource {
 public:
  TileEntries(publish::StaticReader reader, std::string folder)
      : reader_(std::move(reader)), folder_(std::move(folder)) {}

  absl::StatusOr<std::optional<std::string_view>> Next() override;
  absl::Status Seek(int64_t index) override;

 private:
  publish::StaticReader reader_;
  std::string folder_;
  uint64_t at_ = 0;                    // the next entry
  std::vector<std::string> bundle_;    // the one of it, or of the entry before
  std::optional<uint64_t> bundle_at_;  // number of that bundle
};

struct EntryFile {
  std::string checkpoint;  // the signed note
  std::unique_ptr<EntrySource> entries;
};

// A bundle (core/replay/bundle.h). Errors: DATA_LOSS when it does not begin as one; else the errno.
absl::StatusOr<EntryFile> OpenBundle(const std::string& path);

}  // namespace pinhole::cli
