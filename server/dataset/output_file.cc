#include "server/dataset/output_file.h"

#include <array>
#include <bit>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/status.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"

namespace pinhole::dataset {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;

}  // namespace

absl::StatusOr<OutputFile> OutputFile::Create(const std::string& path, mode_t mode) {
  ASSIGN_OR_RETURN(UniqueFd fd, CreateForWrite(path, mode));
  return OutputFile(path, std::move(fd));
}

absl::Status OutputFile::Write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > 2 * kBufferBytes) RETURN_IF_ERROR(Finish());
  buffer_.append(bytes);
  if (buffer_.size() < kBufferBytes) return absl::OkStatus();
  return Finish();
}

absl::Status OutputFile::WriteInt64(int64_t value) {
  const auto raw = std::bit_cast<std::array<char, 8>>(value);
  return Write({raw.data(), raw.size()});
}

absl::Status OutputFile::Finish() {
  absl::Status status = WriteAll(fd_.get(), AsBytes(buffer_), Deadline::Never());
  buffer_.clear();
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrFormat("write %s: %s", path_, status.message()));
}

}  // namespace pinhole::dataset
