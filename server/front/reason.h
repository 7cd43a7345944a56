// Why the front refuses a request: the closed list of types.proto, carried inside a status.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace pinhole::front {

// The values of pinhole.v1.ErrorReason.
enum class Reason {
  kBadToken = 1,
  kBadRequest = 2,
  kNotFound = 3,
  kBadInvitation = 4,
  kNotOpen = 5,
  kNoTryLeft = 6,
  kBadProgram = 7,
  kRequestIdReused = 8,
  kNoLedger = 9,
  kNoPlaceLeft = 10,
  kBusy = 11,
  kRateLimited = 12,
  kTooLarge = 13,
  kQuota = 14,
  kDeadline = 15,
  kBadPageToken = 16,
  kPageExpired = 17,
  kSlowReader = 18,
  kStopping = 19,
  kTooManyWaiting = 20,
  kStorageFull = 21,
};
inline constexpr int kLastReason = 21;

// The enum's name without its prefix, such as "BAD_TOKEN".
std::string_view Name(Reason reason);

// An error of `code` for the caller to read; `text` says what was wrong and what to do next.
absl::Status Refuse(Reason reason, absl::StatusCode code, std::string_view text);

// `status` with a reason; OK stays OK.
absl::Status WithReason(Reason reason, absl::Status status);

// `status`, with when the same call is welcome. Rounded up to whole seconds, at least one.
absl::Status WithRetryAfter(absl::Duration wait, absl::Status status);

// The refusal of what found no room on the disk, with when to come again.
absl::Status StorageFull();

// A full disk without a reason yet, as storage and files report it, becomes StorageFull; every
// other status stays.
absl::Status NameFullDisk(absl::Status status);

// The whole seconds that WithRetryAfter put into a status.
std::optional<std::string> RetryAfterOf(const absl::Status& status);

// The reason's name in a status that one of the above made.
std::optional<std::string> ReasonOf(const absl::Status& status);

}  // namespace pinhole::front
