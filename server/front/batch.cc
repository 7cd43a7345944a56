#include "server/front/batch.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/system/descriptor_io.h"

namespace pinhole::front {

using pipe::ToVaultType;

absl::StatusOr<std::optional<std::string>> BatchFrames::Next() {
  switch (stage_) {
    case Stage::kHello:
      stage_ = Stage::kRequests;
      return pipe::EncodeToVault({ToVaultType::kHello, pipe::EncodeHello(mirror_size_)});
    case Stage::kProgram: {
      ASSIGN_OR_RETURN(std::string piece, NextPiece());
      return piece;
    }
    case Stage::kRequests:
      if (std::optional<std::string> request = NextRequest(); request.has_value()) return request;
      stage_ = Stage::kEnded;
      return pipe::EncodeToVault({ToVaultType::kEnd, ""});
    case Stage::kEnded:
      break;
  }
  return std::nullopt;
}

std::optional<std::string> BatchFrames::NextRequest() {
  while (position_ < requests_.size()) {
    const OutgoingRequest& request = requests_[position_++];
    if (request.program.has_value()) {
      absl::StatusOr<UniqueFd> file = programs_.OpenProgram(*request.program);
      if (!file.ok()) {
        skipped_.push_back(request.id);
        continue;
      }
      program_ = *std::move(file);
      program_left_ = request.program->size_bytes;
      stage_ = Stage::kProgram;
    }
    made_.push_back(request.id);
    return pipe::EncodeToVault({ToVaultType::kRequest, request.text});
  }
  return std::nullopt;
}

absl::StatusOr<std::string> BatchFrames::NextPiece() {
  std::string payload(static_cast<size_t>(std::min<int64_t>(program_left_, pipe::kToVaultPayload)),
                      '\0');
  const absl::Status read =
      ReadExactly(program_.get(), {reinterpret_cast<uint8_t*>(payload.data()), payload.size()},
                  Deadline::Never());
  if (!read.ok()) {
    return absl::InternalError(
        absl::StrFormat("a program ended early while it was sent: %s", read.message()));
  }
  program_left_ -= static_cast<int64_t>(payload.size());
  if (program_left_ == 0) {
    program_.Close();
    stage_ = Stage::kRequests;
  }
  return pipe::EncodeToVault({ToVaultType::kProgram, std::move(payload)});
}

}  // namespace pinhole::front
