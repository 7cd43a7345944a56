// Choices: which submission the final board shall judge a team by.
#include <algorithm>

#include "server/core/base/status.h"
#include "server/core/replay/requests_check.h"
#include "server/front/desk.h"
#include "server/front/reason.h"

namespace pinhole::front {
namespace {

Reason ChoiceReason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound:
      return Reason::kNotFound;
    case absl::StatusCode::kFailedPrecondition:
      return Reason::kNotOpen;
    default:
      return Reason::kBadRequest;
  }
}

bool IsChoiceOf(const StoredRequest& stored, const pipe::ChooseRequest& choice) {
  const auto* const other = std::get_if<pipe::ChooseRequest>(&stored.request);
  return other != nullptr && other->contest == choice.contest && other->team_key == choice.team_key;
}

}  // namespace

absl::StatusOr<ChoiceReceipt> Desk::Choose(const TeamIdentity& team, std::string_view text) {
  absl::StatusOr<pipe::Request> parsed = pipe::ParseRequest(text);
  if (!parsed.ok()) return WithReason(Reason::kBadRequest, parsed.status());
  const auto* const choice = std::get_if<pipe::ChooseRequest>(&*parsed);
  if (choice == nullptr) {
    return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument,
                  "this is no signed choice; Choose takes one");
  }
  if (TeamIdentity{choice->contest, choice->team_key} != team) {
    return Refuse(Reason::kBadToken, absl::StatusCode::kPermissionDenied,
                  "the token is of another team or contest than the signed request");
  }
  absl::MutexLock lock(&mutex_);
  const ChoiceReceipt receipt = mirror_.Read([&](const MirrorView& view) {
    const replay::Contest* const contest = view.state.Find(team.contest);
    if (contest == nullptr) return ChoiceReceipt();
    if (!IsTaken(view.state, *choice))
      return ChoiceReceipt{.exchange_ms = view.ExchangeMs(*contest, contest->NextRound())};
    return ChoiceReceipt{
        .exchange_ms = view.ExchangeMs(*contest, contest->FindTeam(team.key)->choice_round),
        .taken = true};
  });
  if (receipt.taken) return receipt;
  const auto earlier =
      std::find_if(waiting_.begin(), waiting_.end(),
                   [&](const StoredRequest& stored) { return IsChoiceOf(stored, *choice); });
  if (earlier != waiting_.end() && earlier->text == text) return receipt;

  const auto planned = replay::PlanChoice(projection_.after(), *choice);
  if (!planned.ok()) return WithReason(ChoiceReason(planned.status().code()), planned.status());
  // The newest counts: the ledger takes one choice of a team an exchange.
  const std::optional<int64_t> replaced =
      earlier == waiting_.end() ? std::nullopt : std::optional(earlier->id);
  ASSIGN_OR_RETURN(const int64_t id, store_.AddChoice(*parsed, text, replaced));
  if (replaced.has_value()) waiting_.erase(earlier);
  RETURN_IF_ERROR(Queue(id, *parsed, text, ""));
  return receipt;
}

}  // namespace pinhole::front
