// pinhole-scorer: reads hostile predictions (fd 0) beside labels (fd 3) and answers eight bytes (fd
// 1). A program of the box: static, sealed by its own filter, without memory that grows.
//
// It ends with 0 when it answered, whatever the answer; with 1 when it could not seal itself or
// could not answer, and then there is no answer.
#include <errno.h>
#include <unistd.h>

#include "server/core/score/answer.h"
#include "server/core/score/scoring.h"
#include "server/scorer/filter.h"

namespace pinhole::scorer {
namespace {

class FdSource final : public score::ByteSource {
 public:
  explicit FdSource(int fd) : fd_(fd) {}

  ptrdiff_t Read(std::span<uint8_t> into) override {
    while (true) {
      const ssize_t got = read(fd_, into.data(), into.size());
      if (got >= 0 || errno != EINTR) return got;
    }
  }

 private:
  const int fd_;
};

bool WriteAnswer(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(kAnswerFd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return true;
}

int Main() {
  if (!Seal()) return 1;
  static score::ScoringBuffers buffers;
  FdSource predictions(kPredictionsFd);
  FdSource sheet(kSheetFd);
  return WriteAnswer(score::EncodeAnswer(score::ScoreStream(predictions, sheet, buffers))) ? 0 : 1;
}

}  // namespace
}  // namespace pinhole::scorer

int main() { _exit(pinhole::scorer::Main()); }
