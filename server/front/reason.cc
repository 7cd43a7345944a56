#include "server/front/reason.h"

#include "absl/strings/cord.h"

namespace pinhole::front {
namespace {
constexpr char kPayload[] = "pinhole-reason";
}

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

std::optional<std::string> ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) return std::nullopt;
  return std::string(*payload);
}

}  // namespace pinhole::front
