// The reading half of answer.h, which the vault links and the scorer does not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "server/core/score/level.h"

namespace pinhole::score {

// A scorer that was taken over can say nothing but "failed" or two levels from 0 to level_count.
// Nothing means that the run failed. Errors: INVALID_ARGUMENT for any other bytes, to be treated as
// a failed run: they were written beside hostile bytes.
absl::StatusOr<std::optional<RunLevels>> DecodeAnswer(std::span<const uint8_t> bytes,
                                                      int level_count);

}  // namespace pinhole::score
