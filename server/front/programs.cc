#include "server/front/programs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/reason.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"
#include "server/system/random.h"

namespace pinhole::front {
namespace {

absl::Status BadProgram(std::string_view text) {
  return Refuse(Reason::kBadProgram, absl::StatusCode::kInvalidArgument, text);
}

absl::Status EnsureDirectory(const std::string& path) {
  const absl::Status made = MakeDirectory(path, 0700);
  if (absl::IsAlreadyExists(made)) return absl::OkStatus();
  RETURN_IF_ERROR(made);
  // What is durable in it must be found after a crash.
  return SyncDirectory(DirectoryOf(path));
}

std::string TeamFolder(const TeamIdentity& team) {
  return absl::StrFormat("programs/%s/%s", team.contest, team.key.ToHex());
}

}  // namespace

absl::StatusOr<ProgramFolder> ProgramFolder::Open(const std::string& folder) {
  RETURN_IF_ERROR(EnsureDirectory(folder + "/programs"));
  RETURN_IF_ERROR(RemoveTree(folder + "/incoming"));
  RETURN_IF_ERROR(EnsureDirectory(folder + "/incoming"));
  return ProgramFolder(folder);
}

absl::StatusOr<ProgramFolder::Upload> ProgramFolder::Begin(const Announced& announced) const {
  std::string temporary = absl::StrFormat("%s/incoming/%s", folder_, HexEncode(RandomBytes<16>()));
  ASSIGN_OR_RETURN(UniqueFd file, CreateForWrite(temporary, 0600));
  return Upload(folder_, announced, std::move(temporary), std::move(file));
}

absl::StatusOr<UniqueFd> ProgramFolder::OpenProgram(const StoredProgram& program) const {
  const std::string path = folder_ + "/" + program.path;
  ASSIGN_OR_RETURN(UniqueFd file, OpenForRead(path));
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("stat %s", path));
  }
  if (facts.st_size != program.size_bytes) {
    return absl::DataLossError(absl::StrFormat("%s has %d bytes, %d were uploaded", path,
                                               facts.st_size, program.size_bytes));
  }
  return file;
}

ProgramFolder::Upload::Upload(std::string folder, Announced announced, std::string temporary,
                              UniqueFd file)
    : folder_(std::move(folder)),
      announced_(std::move(announced)),
      temporary_(std::move(temporary)),
      file_(std::move(file)) {}

ProgramFolder::Upload::Upload(Upload&& other) noexcept
    : folder_(std::move(other.folder_)),
      announced_(std::move(other.announced_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      hasher_(std::move(other.hasher_)),
      received_bytes_(other.received_bytes_) {}

ProgramFolder::Upload::~Upload() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

absl::Status ProgramFolder::Upload::Write(std::string_view bytes) {
  received_bytes_ += static_cast<int64_t>(bytes.size());
  if (received_bytes_ > announced_.size_bytes) {
    return BadProgram(
        absl::StrFormat("more bytes came than the %d that the header announced: upload the file "
                        "again from its beginning",
                        announced_.size_bytes));
  }
  hasher_.Update(bytes);
  return WriteAll(file_.get(), AsBytes(bytes), Deadline::Never());
}

absl::Status ProgramFolder::Upload::Seal() {
  if (received_bytes_ != announced_.size_bytes) {
    return BadProgram(absl::StrFormat("%d bytes came, the header announced %d: upload it again",
                                      received_bytes_, announced_.size_bytes));
  }
  const Digest found = hasher_.Finish();
  if (found != announced_.sha256) {
    return BadProgram(absl::StrFormat(
        "the bytes that came have SHA-256 %s, the header announced %s: upload it again",
        HexEncode(found), HexEncode(announced_.sha256)));
  }
  // The file is durable before its name is, and the name before the database knows it.
  if (::fsync(file_.get()) != 0) return absl::ErrnoToStatus(errno, "fsync of an upload");
  return absl::OkStatus();
}

std::string ProgramFolder::Upload::PlacePath() const {
  return TeamFolder(announced_.team) + "/" + HexEncode(announced_.sha256);
}

void ProgramFolder::Upload::TakeBack() const { ::unlink((folder_ + "/" + PlacePath()).c_str()); }

absl::StatusOr<StoredProgram> ProgramFolder::Upload::Place() {
  RETURN_IF_ERROR(
      EnsureDirectory(absl::StrFormat("%s/programs/%s", folder_, announced_.team.contest)));
  RETURN_IF_ERROR(EnsureDirectory(folder_ + "/" + TeamFolder(announced_.team)));
  StoredProgram program{
      .sha256 = announced_.sha256, .size_bytes = announced_.size_bytes, .path = PlacePath()};
  RETURN_IF_ERROR(RenameDurably(temporary_, folder_ + "/" + program.path));
  temporary_.clear();
  return program;
}

}  // namespace pinhole::front
