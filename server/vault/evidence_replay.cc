#include "server/vault/evidence_replay.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "server/core/base/status.h"
#include "server/core/score/leveller.h"
#include "server/core/score/scoring.h"
#include "server/system/files.h"
#include "server/vault/confine.h"

namespace pinhole::vault {
namespace {

class FdSource final : public score::ByteSource {
 public:
  FdSource(int fd, off_t offset, int64_t bytes) : fd_(fd), offset_(offset), left_(bytes) {}

  ptrdiff_t Read(std::span<uint8_t> into) override {
    const auto most = static_cast<size_t>(std::min<int64_t>(left_, std::ssize(into)));
    const ssize_t got = ::pread(fd_, into.data(), most, offset_);
    if (got > 0) {
      offset_ += got;
      left_ -= got;
    }
    return got;
  }

 private:
  int fd_;
  off_t offset_;
  int64_t left_;
};

absl::Status CheckOutput(int file, const PredictionSlot& slot, const RunEvidence& evidence) {
  FdSource source(file, slot.offset, evidence.output_bytes);
  Sha256Hasher hasher;
  std::vector<uint8_t> block(size_t{1} << 16);
  while (true) {
    const ptrdiff_t got = source.Read(block);
    if (got < 0) return absl::ErrnoToStatus(errno, "read predictions");
    if (got == 0) break;
    hasher.Update(ByteView(block.data(), static_cast<size_t>(got)));
  }
  if (hasher.Finish() == evidence.output) return absl::OkStatus();
  return absl::DataLossError(
      "the stored predictions are not those whose hash the evidence has: nothing to replay");
}

}  // namespace

absl::StatusOr<std::optional<Rescored>> ScoreAgain(const Layout& layout, const Config& config,
                                                   const PredictionSlot& slot,
                                                   const RunRecord& run) {
  const RunEvidence& evidence = run.evidence;
  if (evidence.outcome != sandbox::Outcome::kExited || evidence.exit_code != 0)
    return std::optional<Rescored>();  // it was never scored
  ASSIGN_OR_RETURN(const UniqueFd file, OpenForRead(layout.predictions(slot.container)));
  ASSIGN_OR_RETURN(const UniqueFd sheet, OpenForRead(layout.sheet(run.contest)));
  if (config.user.has_value() && ::geteuid() == 0)
    RETURN_IF_ERROR(BecomeUser(*config.user, {static_cast<gid_t>(*config.user)}));
  RETURN_IF_ERROR(DenySocketsAndPrograms());
  RETURN_IF_ERROR(CheckOutput(file.get(), slot, evidence));
  FdSource predictions(file.get(), slot.offset, evidence.output_bytes);
  FdSource rows(sheet.get(), 0, INT64_MAX);
  const auto buffers = std::make_unique<score::ScoringBuffers>();
  const score::ScoringOutcome outcome = score::ScoreExactly(predictions, rows, *buffers);
  if (!outcome.scores.has_value()) return std::optional<Rescored>();
  const contest::LevelScale& scale = outcome.header->scoring.scale;
  const score::SplitScores& scores = *outcome.scores;
  return Rescored{.levels = {score::LevelOf(scores.public_score, scale),
                             score::LevelOf(scores.final_score, scale)},
                  .public_score = exact::Reading::Of(scores.public_score),
                  .final_score = exact::Reading::Of(scores.final_score)};
}

}  // namespace pinhole::vault
