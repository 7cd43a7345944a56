#include "server/vault/prediction_feed.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pinhole::vault {
namespace {

void Copy(int file, off_t offset, int64_t bytes, const sandbox::UniqueFd& writer) {
  // A scorer that ends before it has read all is its own affair, no signal to the vault.
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (bytes > 0) {
    const auto most = static_cast<size_t>(std::min<int64_t>(bytes, int64_t{1} << 20));
    const ssize_t moved = ::splice(file, &offset, writer.get(), nullptr, most, 0);
    if (moved < 0 && errno == EINTR) continue;
    // What cannot be read is missing at the end: the scorer says failed.
    if (moved <= 0) return;
    bytes -= moved;
  }
}

}  // namespace

absl::StatusOr<PredictionFeed> PredictionFeed::Start(int file, off_t offset, int64_t bytes) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "make a pipe for a scorer");
  PredictionFeed feed;
  feed.reader_.Reset(ends[0]);
  feed.thread_ = std::jthread([file, offset, bytes, writer = sandbox::UniqueFd(ends[1])] {
    Copy(file, offset, bytes, writer);
  });
  return feed;
}

}  // namespace pinhole::vault
