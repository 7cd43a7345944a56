// Submissions: taking one, and what a team sees of them.
#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/core/base/status.h"
#include "server/core/replay/requests_check.h"
#include "server/front/desk.h"
#include "server/front/reason.h"

namespace pinhole::front {
namespace {

Reason SubmitReason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound:
      return Reason::kNotFound;
    case absl::StatusCode::kFailedPrecondition:
      return Reason::kNotOpen;
    case absl::StatusCode::kAlreadyExists:
      return Reason::kRequestIdReused;
    case absl::StatusCode::kResourceExhausted:
      return Reason::kNoTryLeft;
    default:
      return Reason::kBadRequest;
  }
}

absl::Status RequestIdReused() {
  return Refuse(Reason::kRequestIdReused, absl::StatusCode::kAlreadyExists,
                "this request id was used with another body: sign the new submission with a fresh "
                "one");
}

}  // namespace

absl::StatusOr<SubmissionFacts> Desk::Submit(const TeamIdentity& team, std::string_view text,
                                             std::string_view message) {
  absl::StatusOr<pipe::Request> parsed = pipe::ParseRequest(text);
  if (!parsed.ok()) return WithReason(Reason::kBadRequest, parsed.status());
  const auto* const submit = std::get_if<pipe::SubmitRequest>(&*parsed);
  if (submit == nullptr) {
    return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument,
                  "this is a signed join; Submit takes a signed submission");
  }
  if (TeamIdentity{submit->contest, submit->team_key} != team) {
    return Refuse(Reason::kBadToken, absl::StatusCode::kPermissionDenied,
                  "the token is of another team or contest than the signed request");
  }
  if (message.size() > kMaxMessageBytes) {
    return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument,
                  absl::StrFormat("the message has %d bytes; %d is the limit", message.size(),
                                  kMaxMessageBytes));
  }
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(std::optional<SubmissionFacts> known, FindKnown(team, *submit, text));
  if (known.has_value()) return *std::move(known);
  RETURN_IF_ERROR(CheckProgram(team, *submit));
  const auto planned = replay::PlanAdmit(projection_.after(), *submit, Digest{});
  if (absl::IsResourceExhausted(planned.status())) {
    const std::string reason(planned.status().message());
    return WaitingRefusal(*submit, reason);
  }
  if (!planned.ok()) return WithReason(SubmitReason(planned.status().code()), planned.status());
  ASSIGN_OR_RETURN(const int64_t id, store_.AddRequest(*parsed, text, message));
  RETURN_IF_ERROR(Queue(id, *parsed, text, message));
  return DescribeStored(waiting_.back());
}

// No try left, which is for ever, or too many waiting: then the ledger says when the next of them
// is due.
absl::Status Desk::WaitingRefusal(const pipe::SubmitRequest& request, std::string_view text) {
  const replay::Contest& contest = *projection_.after().Find(request.contest);
  const replay::Team& team = *contest.FindTeam(request.team_key);
  const contest::Release& release = contest.policy.policy.release;
  if (team.tries_used >= contest.limits.tries || team.waiting < release.waiting) {
    return Refuse(Reason::kNoTryLeft, absl::StatusCode::kResourceExhausted, text);
  }
  int64_t round = INT64_MAX;
  for (const int64_t admit : team.admissions) {
    const replay::Admission& admission = contest.admissions.at(admit);
    if (!admission.result.has_value()) round = std::min(round, admission.entry.result_round);
  }
  const int64_t exchange_ms = mirror_.Read([&](const MirrorView& view) {
    const replay::Contest* const shown = view.state.Find(request.contest);
    return shown == nullptr ? int64_t{0} : view.ExchangeMs(*shown, round);
  });
  return Refuse(
      Reason::kTooManyWaiting, absl::StatusCode::kResourceExhausted,
      absl::StrFormat("%d submissions of this team wait for their results, the most at a time: the "
                      "next result comes with round %d, in the exchange at %s; submit again after "
                      "it",
                      team.waiting, round,
                      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(exchange_ms),
                                       absl::UTCTimeZone())));
}

// The same request, or the same program under the same policy: the vault would append nothing.
absl::StatusOr<std::optional<SubmissionFacts>> Desk::FindKnown(const TeamIdentity& team,
                                                               const pipe::SubmitRequest& request,
                                                               std::string_view text) {
  ASSIGN_OR_RETURN(const std::optional<StoredRequest> same_id,
                   store_.FindSubmission(team, request.request_id));
  if (same_id.has_value()) {
    if (same_id->text != text) return RequestIdReused();
    return DescribeStored(*same_id);
  }
  // Without a row of ours: an earlier front took it.
  const std::optional<bool> same_body =
      mirror_.Read([&](const MirrorView& view) -> std::optional<bool> {
        const replay::Admission* const admission = replay::FindRequest(view.state, request);
        if (admission == nullptr) return std::nullopt;
        return admission->entry.request == Sha256(ByteView(request.signature));
      });
  if (same_body.has_value()) {
    if (!*same_body) return RequestIdReused();
    return DescribeFromLedger(team, request.request_id);
  }
  ASSIGN_OR_RETURN(const std::optional<StoredRequest> same_program,
                   store_.FindSameProgram(team, request.policy, request.program));
  if (!same_program.has_value()) return std::nullopt;
  return DescribeStored(*same_program);
}

absl::Status Desk::CheckProgram(const TeamIdentity& team, const pipe::SubmitRequest& request) {
  ASSIGN_OR_RETURN(const std::optional<StoredProgram> program,
                   store_.FindProgram(team, request.program));
  if (!program.has_value()) {
    return Refuse(Reason::kBadProgram, absl::StatusCode::kFailedPrecondition,
                  absl::StrFormat("this team uploaded no program with SHA-256 %s: upload it, then "
                                  "submit again",
                                  HexEncode(request.program)));
  }
  if (program->size_bytes != request.program_bytes) {
    return Refuse(
        Reason::kBadProgram, absl::StatusCode::kInvalidArgument,
        absl::StrFormat("the request says %d bytes, the uploaded program has %d: sign the "
                        "request for the right size",
                        request.program_bytes, program->size_bytes));
  }
  return absl::OkStatus();
}

SubmissionFacts Desk::DescribeStored(const StoredRequest& stored) const {
  const Projection& projection = projection_;
  return mirror_.Read([&](const MirrorView& view) {
    mutex_.AssertReaderHeld();  // called at once, which the compiler does not see
    return Describe(view, projection, stored);
  });
}

std::optional<SubmissionFacts> Desk::DescribeFromLedger(const TeamIdentity& team,
                                                        const log::RequestId& id) const {
  return mirror_.Read([&](const MirrorView& view) -> std::optional<SubmissionFacts> {
    const replay::Contest* const contest = view.state.Find(team.contest);
    const replay::Team* const member = contest == nullptr ? nullptr : contest->FindTeam(team.key);
    if (member == nullptr) return std::nullopt;
    const auto found = contest->requests.find({member->entry.number, id});
    if (found == contest->requests.end()) return std::nullopt;
    return Describe(view, *contest, contest->admissions.at(found->second));
  });
}

absl::StatusOr<SubmissionFacts> Desk::GetSubmission(const TeamIdentity& team,
                                                    const log::RequestId& id) {
  absl::ReaderMutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const std::optional<StoredRequest> stored, store_.FindSubmission(team, id));
  if (stored.has_value()) return DescribeStored(*stored);
  if (std::optional<SubmissionFacts> facts = DescribeFromLedger(team, id); facts.has_value()) {
    return *std::move(facts);
  }
  return Refuse(Reason::kNotFound, absl::StatusCode::kNotFound,
                "this team has no submission with that request id");
}

absl::StatusOr<SubmissionPage> Desk::ListSubmissions(const TeamIdentity& team,
                                                     const SubmissionCursor& after, int64_t limit) {
  absl::ReaderMutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const std::vector<StoredRequest> stored, store_.ListSubmissions(team));
  const Projection& projection = projection_;
  return mirror_.Read([&](const MirrorView& view) {
    std::set<log::RequestId> known;
    for (const StoredRequest& request : stored) {
      known.insert(std::get<pipe::SubmitRequest>(request.request).request_id);
    }
    SubmissionPage page;
    SubmissionCursor place = after;
    // False when the page is full: then there is a next one, from `place` on.
    const auto add = [&](auto&& describe) {
      if (static_cast<int64_t>(page.submissions.size()) == limit) {
        page.next = place;
        return false;
      }
      page.submissions.push_back(describe());
      return true;
    };
    const replay::Contest* const contest = view.state.Find(team.contest);
    const replay::Team* const member = contest == nullptr ? nullptr : contest->FindTeam(team.key);
    for (const int64_t index : member == nullptr ? std::vector<int64_t>() : member->admissions) {
      const replay::Admission& admission = contest->admissions.at(index);
      if (index <= after.admit || known.contains(admission.entry.request_id)) continue;
      if (!add([&] { return Describe(view, *contest, admission); })) return page;
      place.admit = index;
    }
    for (const StoredRequest& request : stored) {
      if (request.id <= after.request) continue;
      const auto describe = [&] {
        mutex_.AssertReaderHeld();  // called at once, which the compiler does not see
        return Describe(view, projection, request);
      };
      if (!add(describe)) return page;
      place.request = request.id;
    }
    return page;
  });
}

}  // namespace pinhole::front
