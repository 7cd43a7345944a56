// A folder that removes itself and all in it.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace pinhole {

// Owns the folder; moves, never copies.
class TempDir {
 public:
  // A new folder, mode 0700, with a random name that starts with "pinhole-", in `parent`; an empty
  // `parent` means $TMPDIR, or /tmp without it. Errors: errno as a status.
  static absl::StatusOr<TempDir> Make(const std::string& parent = "");

  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  // Removes the tree; what cannot be removed stays (nobody is left to hear of it).
  ~TempDir();

  const std::string& path() const { return path_; }

 private:
  explicit TempDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace pinhole
