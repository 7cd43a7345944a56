#include "server/front/projection.h"

#include "server/core/base/status.h"
#include "server/core/replay/requests_check.h"

namespace pinhole::front {
namespace {

enum class Fate { kWaits, kAdmitted, kRefused };

// Only what the ledger already shows; whether a request still can be admitted is Projection::Add's.
Fate FateInLedger(const replay::LedgerState& ledger, const pipe::Request& request) {
  if (const auto* join = std::get_if<pipe::JoinRequest>(&request)) {
    return IsAdmitted(ledger, *join) ? Fate::kAdmitted : Fate::kWaits;
  }
  if (const auto* choice = std::get_if<pipe::ChooseRequest>(&request)) {
    return IsTaken(ledger, *choice) ? Fate::kAdmitted : Fate::kWaits;
  }
  const auto& submit = std::get<pipe::SubmitRequest>(request);
  const replay::Admission* const admission = replay::FindRequest(ledger, submit);
  if (admission == nullptr) return Fate::kWaits;
  const bool same = admission->entry.request == Sha256(ByteView(submit.signature));
  return same ? Fate::kAdmitted : Fate::kRefused;
}

}  // namespace

bool IsAdmitted(const replay::LedgerState& ledger, const pipe::JoinRequest& request) {
  const replay::Contest* const contest = ledger.Find(request.invitation.contest);
  if (contest == nullptr) return false;
  const replay::Team* const team = contest->FindTeam(request.team_key);
  return team != nullptr && team->entry.name == request.invitation.team &&
         team->entry.invitation == Sha256(ByteView(request.invitation.signature));
}

bool IsTaken(const replay::LedgerState& ledger, const pipe::ChooseRequest& request) {
  const replay::Contest* const contest = ledger.Find(request.contest);
  if (contest == nullptr) return false;
  const replay::Team* const team = contest->FindTeam(request.team_key);
  return team != nullptr && team->choices == request.number + 1 && team->choice == request.admit;
}

absl::Status Projection::Add(int64_t id, const pipe::Request& request) {
  if (const auto* join = std::get_if<pipe::JoinRequest>(&request)) {
    ASSIGN_OR_RETURN(const log::TeamEntry team, replay::PlanJoin(after_, *join));
    ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(team));
    return after_.Apply(entry.bytes());
  }
  // Nothing else that waits depends on a choice, and another of the team may take its place.
  if (const auto* choice = std::get_if<pipe::ChooseRequest>(&request))
    return replay::PlanChoice(after_, *choice).status();
  // The commitment decides nothing about admission, and the projected entry is never shown.
  const auto& submit = std::get<pipe::SubmitRequest>(request);
  ASSIGN_OR_RETURN(const log::AdmitEntry admit, replay::PlanAdmit(after_, submit, Digest{}));
  ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(admit));
  RETURN_IF_ERROR(after_.Apply(entry.bytes()));
  planned_.emplace(id, admit);
  return absl::OkStatus();
}

const log::AdmitEntry* Projection::Planned(int64_t id) const {
  const auto found = planned_.find(id);
  return found == planned_.end() ? nullptr : &found->second;
}

Sorted SortRequests(const replay::LedgerState& ledger, std::vector<StoredRequest> received) {
  Sorted sorted{.projection = Projection(ledger)};
  for (StoredRequest& request : received) {
    switch (FateInLedger(ledger, request.request)) {
      case Fate::kAdmitted:
        sorted.admitted.push_back(request.id);
        continue;
      case Fate::kRefused:
        sorted.refused.push_back(
            {request.id,
             "the ledger has another submission of this team under the same request id"});
        continue;
      case Fate::kWaits:
        break;
    }
    const absl::Status added = sorted.projection.Add(request.id, request.request);
    if (added.ok()) {
      sorted.waiting.push_back(std::move(request));
    } else {
      sorted.refused.push_back({request.id, std::string(added.message())});
    }
  }
  return sorted;
}

}  // namespace pinhole::front
