// Programs on the front's disk: taken in as they come, hashed, kept in one folder a team.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/sha256.h"
#include "server/front/store.h"
#include "server/system/unique_fd.h"

namespace pinhole::front {

// Files: programs/<contest>/<team key>/<sha256>, and incoming/ for uploads under way. Thread-safe.
class ProgramFolder {
 public:
  // `folder` is the front's. Makes the folders and forgets uploads that an earlier process left.
  static absl::StatusOr<ProgramFolder> Open(const std::string& folder);

  // What a team announced. Only files whose hash and size are these get a place.
  struct Announced {
    TeamIdentity team;
    Digest sha256{};
    int64_t size_bytes = 0;
  };

  // An upload under way; without Place nothing stays. Not thread-safe.
  class Upload {
   public:
    Upload(Upload&& other) noexcept;
    Upload& operator=(Upload&&) = delete;
    ~Upload();

    // Errors: INVALID_ARGUMENT (BAD_PROGRAM) when more comes than was announced; else the errno.
    absl::Status Write(std::string_view bytes);
    // Checks size and hash, and makes the bytes durable. Errors: INVALID_ARGUMENT (BAD_PROGRAM)
    // when they differ.
    absl::Status Seal();
    // After Seal: makes the file durable under its name, in the place of one that is there.
    absl::StatusOr<StoredProgram> Place();
    // Undoes Place, also one that failed.
    void TakeBack() const;
    const Announced& announced() const { return announced_; }

   private:
    friend class ProgramFolder;
    Upload(std::string folder, Announced announced, std::string temporary, UniqueFd file);
    std::string PlacePath() const;  // relative to the front's folder
    std::string folder_;
    Announced announced_;
    std::string temporary_;  // empty once it has its place or was moved from
    UniqueFd file_;
    Sha256Hasher hasher_;
    int64_t received_bytes_ = 0;
  };
  absl::StatusOr<Upload> Begin(const Announced& announced) const;

  // Opens a stored program to read. Errors: NOT_FOUND, DATA_LOSS when its size is not the stored.
  absl::StatusOr<UniqueFd> OpenProgram(const StoredProgram& program) const;

 private:
  explicit ProgramFolder(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace pinhole::front
