#include "server/dataset/folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/system/files.h"
#include "server/system/random.h"

namespace pinhole::dataset {
namespace {

std::string Join(std::string_view folder, std::string_view below) {
  return absl::StrFormat("%s/%s", folder, below);
}

absl::StatusOr<Digest> HashFile(const std::string& path) {
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(path));
  Sha256Hasher hasher;
  std::vector<uint8_t> chunk(size_t{1} << 20);
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrFormat("read %s", path));
    if (got == 0) return hasher.Finish();
    hasher.Update(ByteView(chunk).first(static_cast<size_t>(got)));
  }
}

}  // namespace

absl::StatusOr<StagedFolder> StagedFolder::Make(const std::string& destination) {
  struct stat found {};
  if (::lstat(destination.c_str(), &found) == 0) {
    return absl::AlreadyExistsError(
        absl::StrFormat("%s exists; a data set is imported into a new folder", destination));
  }
  StagedFolder staged(destination,
                      absl::StrFormat("%s.tmp-%s", destination, HexEncode(RandomBytes<8>())));
  RETURN_IF_ERROR(MakeDirectory(staged.staged_, 0750));
  RETURN_IF_ERROR(MakeDirectory(staged.Path(kViewFolder), 0750));
  RETURN_IF_ERROR(MakeDirectory(staged.Path(kTruthFolder), 0700));
  return staged;
}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : destination_(std::move(other.destination_)), staged_(std::exchange(other.staged_, {})) {}

StagedFolder::~StagedFolder() {
  if (!staged_.empty()) RemoveTree(staged_).IgnoreError();
}

std::string StagedFolder::Path(std::string_view below) const { return Join(staged_, below); }

absl::Status StagedFolder::Publish() {
  RETURN_IF_ERROR(SyncTree(staged_));
  RETURN_IF_ERROR(RenameDurably(staged_, destination_));
  staged_.clear();
  return absl::OkStatus();
}

absl::Status WriteLabel(OutputFile& file, int64_t label_millionths, ScoredSet set,
                        uint32_t weight_thousandths) {
  RETURN_IF_ERROR(file.WriteInt64(label_millionths));
  std::array<char, 5> rest = {static_cast<char>(set)};
  for (size_t i = 1; i < rest.size(); ++i) {
    rest[i] = static_cast<char>(weight_thousandths & 0xff);
    weight_thousandths >>= 8;
  }
  return file.Write({rest.data(), rest.size()});
}

absl::StatusOr<Digest> DataCommitment(const std::string& folder, ByteView salt) {
  ASSIGN_OR_RETURN(const Digest database, HashFile(Join(folder, kContestDatabase)));
  ASSIGN_OR_RETURN(const Digest labels, HashFile(Join(folder, kLabelsFile)));
  Sha256Hasher hasher;
  hasher.Update(salt);
  hasher.Update(database);
  hasher.Update(labels);
  return hasher.Finish();
}

}  // namespace pinhole::dataset
