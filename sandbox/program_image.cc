// A program is copied once, sealed, and only then executed: what was handed over is what runs.
//
// The client copies, not the launcher, so that the image is not charged to the memory that the
// contestant was promised.
#include "sandbox/program_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/status/status.h"

namespace pinhole::sandbox {
namespace {

// Newer than the C library's headers.
constexpr unsigned kMemfdExec = 0x10;  // MFD_EXEC, Linux 6.3
constexpr int kSealExec = 0x20;        // F_SEAL_EXEC, Linux 6.3

constexpr size_t kChunkBytes = size_t{256} << 10;

UniqueFd NewImage() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  UniqueFd image(::memfd_create("program", kFlags | kMemfdExec));
  if (!image.valid() && errno == EINVAL) image.Reset(::memfd_create("program", kFlags));
  return image;
}

absl::Status WriteAll(int file, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(file, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "write the program's image");
    bytes += written;
    count -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::Status CopyWhole(int source, int target) {
  std::vector<char> chunk(kChunkBytes);
  for (off_t position = 0;;) {
    const ssize_t got = ::pread(source, chunk.data(), chunk.size(), position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "read the program");
    if (got == 0) return absl::OkStatus();
    if (absl::Status status = WriteAll(target, chunk.data(), static_cast<size_t>(got));
        !status.ok()) {
      return status;
    }
    position += got;
  }
}

}  // namespace

absl::StatusOr<UniqueFd> MakeProgramImage(int program) {
  UniqueFd image = NewImage();
  if (!image.valid()) return absl::ErrnoToStatus(errno, "create the program's image");
  if (absl::Status status = CopyWhole(program, image.get()); !status.ok()) return status;
  if (::fchmod(image.get(), 0111) != 0) {
    return absl::ErrnoToStatus(errno, "set the mode of the program's image");
  }
  // Kernels before 6.3 cannot seal the mode; nothing but the launcher holds the image then either.
  ::fcntl(image.get(), F_ADD_SEALS, kSealExec);
  if (::fcntl(image.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
      0) {
    return absl::ErrnoToStatus(errno, "seal the program's image");
  }
  return image;
}

}  // namespace pinhole::sandbox
