// The frames of one batch to the vault, made as they are sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/pipe/frames.h"
#include "server/front/desk.h"

namespace pinhole::front {

// kHello, then each request, a submission with its program behind it, then kEnd. Reads programs as
// it goes, so a batch of large programs takes no memory. Not thread-safe.
class BatchFrames {
 public:
  // `programs` outlives the batch.
  BatchFrames(int64_t mirror_size, std::vector<OutgoingRequest> requests,
              const ProgramFolder& programs)
      : mirror_size_(mirror_size), requests_(std::move(requests)), programs_(programs) {}

  // The next frame's bytes; none after kEnd. A submission whose program cannot be opened is left
  // out and its id is in `skipped`. Errors: INTERNAL when a program ends early: the batch is
  // spoiled and the connection must be dropped.
  absl::StatusOr<std::optional<std::string>> Next();

  // Ids of the requests that were left out.
  const std::vector<int64_t>& skipped() const { return skipped_; }
  // True while a program is under way: nothing may stand between its frames.
  bool in_program() const { return stage_ == Stage::kProgram; }
  bool ended() const { return stage_ == Stage::kEnded; }
  // Ids of the requests whose frames were made whole.
  const std::vector<int64_t>& made() const { return made_; }

 private:
  enum class Stage { kHello, kRequests, kProgram, kEnded };
  std::optional<std::string> NextRequest();
  absl::StatusOr<std::string> NextPiece();

  const int64_t mirror_size_;
  const std::vector<OutgoingRequest> requests_;
  const ProgramFolder& programs_;
  std::vector<int64_t> skipped_;
  std::vector<int64_t> made_;
  Stage stage_ = Stage::kHello;
  size_t position_ = 0;  // of the next request
  UniqueFd program_;
  int64_t program_left_ = 0;  // bytes
};

}  // namespace pinhole::front
