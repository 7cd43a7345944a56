#include "server/front/reason.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/str_format.h"

namespace pinhole::front {
namespace {
constexpr char kPayload[] = "pinhole-reason";
constexpr char kRetryAfter[] = "pinhole-retry-after";

std::optional<std::string> PayloadOf(const absl::Status& status, const char* name) {
  const auto payload = status.GetPayload(name);
  if (!payload.has_value()) return std::nullopt;
  return std::string(*payload);
}

}  // namespace

std::string_view Name(Reason reason) {
  switch (reason) {
    case Reason::kBadToken:
      return "BAD_TOKEN";
    case Reason::kBadRequest:
      return "BAD_REQUEST";
    case Reason::kNotFound:
      return "NOT_FOUND";
    case Reason::kBadInvitation:
      return "BAD_INVITATION";
    case Reason::kNotOpen:
      return "NOT_OPEN";
    case Reason::kNoTryLeft:
      return "NO_TRY_LEFT";
    case Reason::kBadProgram:
      return "BAD_PROGRAM";
    case Reason::kRequestIdReused:
      return "REQUEST_ID_REUSED";
    case Reason::kNoLedger:
      return "NO_LEDGER";
    case Reason::kNoPlaceLeft:
      return "NO_PLACE_LEFT";
    case Reason::kBusy:
      return "BUSY";
    case Reason::kRateLimited:
      return "RATE_LIMITED";
    case Reason::kTooLarge:
      return "TOO_LARGE";
    case Reason::kQuota:
      return "QUOTA";
    case Reason::kDeadline:
      return "DEADLINE";
    case Reason::kBadPageToken:
      return "BAD_PAGE_TOKEN";
    case Reason::kPageExpired:
      return "PAGE_EXPIRED";
    case Reason::kSlowReader:
      return "SLOW_READER";
    case Reason::kStopping:
      return "STOPPING";
    case Reason::kTooManyWaiting:
      return "TOO_MANY_WAITING";
    case Reason::kStorageFull:
      return "STORAGE_FULL";
  }
  return "UNSPECIFIED";
}

absl::Status Refuse(Reason reason, absl::StatusCode code, std::string_view text) {
  return WithReason(reason, absl::Status(code, {text.data(), text.size()}));
}

absl::Status WithReason(Reason reason, absl::Status status) {
  const std::string_view name = Name(reason);
  status.SetPayload(kPayload, absl::Cord(absl::string_view(name.data(), name.size())));
  return status;
}

absl::Status WithRetryAfter(absl::Duration wait, absl::Status status) {
  const int64_t seconds =
      std::max<int64_t>(1, absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))));
  status.SetPayload(kRetryAfter, absl::Cord(absl::StrFormat("%d", seconds)));
  return status;
}

absl::Status StorageFull() {
  // Room comes by an operator's hand: often asking does not bring it.
  constexpr absl::Duration kPatience = absl::Seconds(60);
  return WithRetryAfter(
      kPatience, Refuse(Reason::kStorageFull, absl::StatusCode::kResourceExhausted,
                        "the server's disk is full, and nothing of this call was kept: tell the "
                        "organizer, and call again later"));
}

absl::Status NameFullDisk(absl::Status status) {
  if (!absl::IsResourceExhausted(status) || ReasonOf(status).has_value()) return status;
  return StorageFull();
}

std::optional<std::string> RetryAfterOf(const absl::Status& status) {
  return PayloadOf(status, kRetryAfter);
}

std::optional<std::string> ReasonOf(const absl::Status& status) {
  return PayloadOf(status, kPayload);
}

}  // namespace pinhole::front
