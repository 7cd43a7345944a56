// Joins, uploads, and the way to and from the vault. Submissions: desk_submissions.cc.
#include "server/front/desk.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/replay/requests_check.h"
#include "server/front/reason.h"
#include "server/system/random.h"

namespace pinhole::front {
namespace {

Reason JoinReason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound:
      return Reason::kNotFound;
    case absl::StatusCode::kFailedPrecondition:
      return Reason::kNotOpen;
    case absl::StatusCode::kResourceExhausted:
      return Reason::kNoPlaceLeft;
    default:
      return Reason::kBadInvitation;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Desk>> Desk::Open(const std::string& folder, Store& store,
                                                 Mirror& mirror) {
  ASSIGN_OR_RETURN(ProgramFolder programs, ProgramFolder::Open(folder));
  auto desk = std::unique_ptr<Desk>(new Desk(store, mirror, std::move(programs)));
  ASSIGN_OR_RETURN(std::vector<std::string> entries, store.LoadEntries());
  ASSIGN_OR_RETURN(std::string checkpoint, store.LoadCheckpoint());
  if (!entries.empty()) {
    ASSIGN_OR_RETURN(MirrorExtension stored,
                     mirror.Check(0, std::move(entries), std::move(checkpoint)));
    mirror.Publish(std::move(stored));
  }
  ASSIGN_OR_RETURN(std::vector<StoredRequest> received, store.ListReceived());
  Sorted sorted = mirror.Read(
      [&](const MirrorView& view) { return SortRequests(view.state, std::move(received)); });
  absl::MutexLock lock(&desk->mutex_);
  desk->projection_ = std::move(sorted.projection);
  desk->waiting_ = std::move(sorted.waiting);
  return desk;
}

absl::StatusOr<JoinReceipt> Desk::Join(std::string_view text) {
  absl::StatusOr<pipe::Request> parsed = pipe::ParseRequest(text);
  if (!parsed.ok()) return WithReason(Reason::kBadRequest, parsed.status());
  const auto* const join = std::get_if<pipe::JoinRequest>(&*parsed);
  if (join == nullptr) {
    return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument,
                  "this is a signed submission; Join takes a signed join");
  }
  const TeamIdentity team{join->invitation.contest, join->team_key};
  absl::MutexLock lock(&mutex_);
  JoinReceipt receipt{.token = HexEncode(RandomBytes<32>())};
  const Digest token_hash = Sha256(receipt.token);
  RETURN_IF_ERROR(mirror_.Read([&](const MirrorView& view) -> absl::Status {
    if (view.size() == 0) {
      return Refuse(Reason::kNoLedger, absl::StatusCode::kUnavailable,
                    "this server has not received the ledger yet: try again after the next "
                    "exchange");
    }
    const replay::Contest* const contest = view.state.Find(team.contest);
    if (contest == nullptr) return absl::OkStatus();  // the plan below says it better
    const bool admitted = IsAdmitted(view.state, *join);
    receipt.exchange_ms = view.ExchangeMs(
        *contest, admitted ? contest->FindTeam(team.key)->entry.round : contest->NextRound());
    return absl::OkStatus();
  }));
  const bool admitted =
      mirror_.Read([&](const MirrorView& view) { return IsAdmitted(view.state, *join); });
  if (!admitted) {
    ASSIGN_OR_RETURN(const std::optional<StoredRequest> known, store_.FindText(text));
    if (known.has_value() && known->state == RequestState::kRefused) {
      return Refuse(Reason::kBadInvitation, absl::StatusCode::kFailedPrecondition, known->refusal);
    }
    if (!known.has_value()) {
      const auto planned = replay::PlanJoin(projection_.after(), *join);
      if (!planned.ok()) return WithReason(JoinReason(planned.status().code()), planned.status());
      // With the token: a join whose team was told that nothing is stored must not go to the vault.
      ASSIGN_OR_RETURN(const int64_t id, store_.AddJoin(*parsed, text, token_hash, team));
      RETURN_IF_ERROR(Queue(id, *parsed, text, ""));
      return receipt;
    }
  }
  RETURN_IF_ERROR(store_.AddToken(token_hash, team));
  return receipt;
}

absl::Status Desk::Queue(int64_t id, const pipe::Request& request, std::string_view text,
                         std::string_view message) {
  RETURN_IF_ERROR(projection_.Add(id, request));
  waiting_.push_back(
      {.id = id, .request = request, .text = std::string(text), .message = std::string(message)});
  return absl::OkStatus();
}

absl::StatusOr<UploadNeed> Desk::PlanUpload(const ProgramFolder::Announced& announced) {
  int64_t stored_limit = 0;
  {
    absl::ReaderMutexLock lock(&mutex_);
    const replay::Contest* const contest = projection_.after().Find(announced.team.contest);
    if (contest == nullptr || contest->FindTeam(announced.team.key) == nullptr) {
      return Refuse(Reason::kNotFound, absl::StatusCode::kNotFound,
                    "this team is not in the contest and its join is not waiting: join first");
    }
    if (contest->phase != replay::Phase::kOpen) {
      return Refuse(
          Reason::kNotOpen, absl::StatusCode::kFailedPrecondition,
          absl::StrFormat("contest \"%s\" takes no more programs: it is closed or closing",
                          announced.team.contest));
    }
    const contest::Policy& policy = contest->policy.policy;
    if (announced.size_bytes < 1 || announced.size_bytes > policy.limits.program_bytes) {
      return Refuse(Reason::kBadProgram, absl::StatusCode::kInvalidArgument,
                    absl::StrFormat("the program has %d bytes; this contest takes 1 to %d",
                                    announced.size_bytes, policy.limits.program_bytes));
    }
    stored_limit = policy.release.tries + kSparePrograms;
  }
  ASSIGN_OR_RETURN(const std::optional<StoredProgram> known,
                   store_.FindProgram(announced.team, announced.sha256));
  if (known.has_value()) {
    // A file that was lost comes again.
    const bool whole =
        known->size_bytes == announced.size_bytes && programs_.OpenProgram(*known).ok();
    return whole ? UploadNeed::kNothing : UploadNeed::kBytes;
  }
  ASSIGN_OR_RETURN(const int64_t count, store_.CountPrograms(announced.team));
  if (count >= stored_limit) {
    return Refuse(Reason::kQuota, absl::StatusCode::kResourceExhausted,
                  absl::StrFormat("this team stored %d programs, the most for this contest: submit "
                                  "one of those",
                                  count));
  }
  return UploadNeed::kBytes;
}

absl::Status Desk::FinishUpload(const TeamIdentity& team, ProgramFolder::Upload& upload) {
  RETURN_IF_ERROR(upload.Seal());
  absl::MutexLock lock(&place_mutex_);
  const auto place = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const StoredProgram program, upload.Place());
    // A crash right here leaves a file that no table names: the next upload of it puts it right.
    return store_.AddProgram(team, program);
  };
  absl::Status placed = place();
  if (!placed.ok()) {
    // A row is of an earlier upload of the same bytes: its file stays, whichever of the two it is.
    const auto known = store_.FindProgram(team, upload.announced().sha256);
    if (known.ok() && !known->has_value()) upload.TakeBack();
  }
  return placed;
}

absl::StatusOr<std::vector<OutgoingRequest>> Desk::Batch(size_t limit) {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<OutgoingRequest> batch;
  for (const StoredRequest& request : waiting_) {
    if (batch.size() == limit) break;
    OutgoingRequest outgoing{.id = request.id, .text = request.text};
    if (const auto* submit = std::get_if<pipe::SubmitRequest>(&request.request)) {
      ASSIGN_OR_RETURN(outgoing.program,
                       store_.FindProgram({submit->contest, submit->team_key}, submit->program));
    }
    batch.push_back(std::move(outgoing));
  }
  return batch;
}

absl::Status Desk::SettleTaken(const std::vector<int64_t>& ids) {
  absl::MutexLock lock(&mutex_);
  const std::set<int64_t> taken(ids.begin(), ids.end());
  std::vector<ExchangeRecord::Refusal> known;
  for (const StoredRequest& request : waiting_) {
    const auto* const submit = std::get_if<pipe::SubmitRequest>(&request.request);
    if (submit == nullptr || !taken.contains(request.id)) continue;
    const int64_t round = mirror_.Read([&](const MirrorView& view) {
      const replay::Contest* const contest = view.state.Find(submit->contest);
      return contest == nullptr ? int64_t{0} : contest->last_round;
    });
    Taken& seen = taken_[request.id];
    // An idle exchange, before the first round or between the last and the end, takes nothing.
    if (round <= seen.round) continue;
    seen.round = round;
    if (++seen.exchanges < kExchangesUntilKnown) continue;
    known.push_back(
        {request.id,
         absl::StrFormat("the vault took this request in %d exchanges and the ledger does not show "
                         "it. Most likely this team submitted the same program before, and that "
                         "submission stands: `pinhole status` shows it",
                         seen.exchanges)});
  }
  if (known.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(store_.RefuseRequests(known));
  for (const ExchangeRecord::Refusal& refusal : known) {
    std::erase_if(waiting_, [&](const StoredRequest& other) { return other.id == refusal.id; });
    taken_.erase(refusal.id);
  }
  Sorted sorted = mirror_.Read([&](const MirrorView& view) {
    mutex_.AssertHeld();  // called at once, which the compiler does not see
    return SortRequests(view.state, std::move(waiting_));
  });
  projection_ = std::move(sorted.projection);
  waiting_ = std::move(sorted.waiting);
  return absl::OkStatus();
}

absl::Status Desk::TakeHandOver(int64_t first, std::vector<std::string> entries,
                                std::string checkpoint) {
  absl::MutexLock lock(&mutex_);
  const bool nothing_new = entries.empty() && mirror_.Read([&](const MirrorView& view) {
    return first == view.size() && checkpoint == view.checkpoint;
  });
  if (nothing_new) return absl::OkStatus();  // an idle exchange, every second
  ASSIGN_OR_RETURN(MirrorExtension extension,
                   mirror_.Check(first, std::move(entries), std::move(checkpoint)));
  Sorted sorted = SortRequests(extension.state, waiting_);
  // One transaction: after a crash the requests fit the mirror.
  RETURN_IF_ERROR(store_.SaveExchange({.first = first,
                                       .entries = extension.entries,
                                       .checkpoint = extension.checkpoint,
                                       .admitted = std::move(sorted.admitted),
                                       .refused = std::move(sorted.refused)}));
  projection_ = std::move(sorted.projection);
  waiting_ = std::move(sorted.waiting);
  std::erase_if(taken_, [&](const auto& entry) {
    mutex_.AssertHeld();
    return std::none_of(waiting_.begin(), waiting_.end(),
                        [&](const StoredRequest& request) { return request.id == entry.first; });
  });
  mirror_.Publish(std::move(extension));
  return absl::OkStatus();
}

}  // namespace pinhole::front
