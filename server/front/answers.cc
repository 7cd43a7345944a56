#include "server/front/answers.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/replay/board.h"
#include "server/front/page_token.h"
#include "server/front/reason.h"
#include "server/front/timestamps.h"

namespace pinhole::front {
namespace {

constexpr int32_t kMaxContests = 100;
constexpr int32_t kMaxEntries = 1000;
constexpr int32_t kMaxRows = 1000;

absl::Status NotFound(std::string_view text) {
  return Refuse(Reason::kNotFound, absl::StatusCode::kNotFound, text);
}
absl::Status OutOfRange(std::string_view text) {
  return Refuse(Reason::kNotFound, absl::StatusCode::kOutOfRange, text);
}
absl::Status BadRequest(std::string_view text) {
  return Refuse(Reason::kBadRequest, absl::StatusCode::kInvalidArgument, text);
}

// 0 means `most`, and more than `most` is `most`.
absl::StatusOr<int32_t> PageSize(int32_t wanted, int32_t most) {
  if (wanted < 0) return BadRequest("page_size is negative: leave it out or make it positive");
  return wanted == 0 ? most : std::min(wanted, most);
}

absl::StatusOr<const replay::Contest*> FindContest(const MirrorView& view,
                                                   const std::string& name) {
  const replay::Contest* const contest = view.state.Find(name);
  if (contest != nullptr) return contest;
  return NotFound(
      absl::StrFormat("there is no contest \"%s\": ListContests names those there are", name));
}

v1::Contest::Phase PhaseOf(replay::Phase phase) {
  switch (phase) {
    case replay::Phase::kOpen:
      return v1::Contest::PHASE_OPEN;
    case replay::Phase::kClosing:
      return v1::Contest::PHASE_CLOSING;
    case replay::Phase::kClosed:
      return v1::Contest::PHASE_CLOSED;
  }
  return v1::Contest::PHASE_UNSPECIFIED;
}

void SetEntry(const MirrorView& view, int64_t index, v1::LedgerEntry& entry) {
  entry.set_index(index);
  entry.set_entry(view.entries[static_cast<size_t>(index)]);
}

void SetContest(const MirrorView& view, const replay::Contest& contest, v1::Contest& out) {
  out.set_contest(contest.policy.policy.contest);
  out.set_phase(PhaseOf(contest.phase));
  SetEntry(view, contest.policy_index, *out.mutable_policy());
  SetEntry(view, view.dataset_index, *out.mutable_dataset());
  out.set_last_round(contest.last_round);
  out.set_team_count(static_cast<int32_t>(contest.teams.size()));
  if (contest.phase != replay::Phase::kClosed) {
    SetTime(*out.mutable_next_exchange_time(), view.ExchangeMs(contest, contest.NextRound()));
  }
}

void SetRow(const replay::BoardRow& row, v1::BoardRow& out) {
  out.set_rank(row.rank);
  out.set_team(row.team);
  out.set_score(row.score);
  out.set_tries_used(row.tries_used);
  out.set_tries_left(row.tries_left);
  out.set_scores_left(row.scores_left);
}

// Where a page of a board begins: the board after so many entries, from a row on.
struct BoardPosition {
  int64_t ledger_size = 0;
  int64_t row = 0;
};
absl::StatusOr<BoardPosition> ParseBoardPosition(std::string_view list, std::string_view token) {
  ASSIGN_OR_RETURN(const std::string position, OpenPageToken(list, token));
  const size_t space = position.find(' ');
  if (space == std::string::npos) return BadPageToken();
  const auto size = ParseIntegerIn(std::string_view(position).substr(0, space), 0, INT64_MAX);
  const auto row = ParseIntegerIn(std::string_view(position).substr(space + 1), 0, INT32_MAX);
  if (!size.ok() || !row.ok()) return BadPageToken();
  return BoardPosition{.ledger_size = *size, .row = *row};
}

// 0 means the size of the newest checkpoint, which covers the whole mirror.
absl::StatusOr<int64_t> ProofSize(const MirrorView& view, int64_t wanted) {
  if (wanted < 0) return BadRequest("size is negative: leave it out for the newest checkpoint's");
  if (wanted > view.size()) {
    return OutOfRange(
        absl::StrFormat("the ledger has %d entries here, %d were asked for: ask for a "
                        "size that a checkpoint of this server covers",
                        view.size(), wanted));
  }
  return wanted == 0 ? view.size() : wanted;
}

template <typename Response>
absl::Status SetProof(const absl::StatusOr<MerkleProof>& proof, int64_t size, Response& response) {
  if (!proof.ok()) return WithReason(Reason::kBadRequest, proof.status());
  for (const Digest& hash : *proof) {
    const std::string_view bytes = AsText(hash);
    response.add_hashes(bytes.data(), bytes.size());
  }
  response.set_size(size);
  return absl::OkStatus();
}

}  // namespace

absl::Status Answer(const MirrorView& view, const v1::ListContestsRequest& request,
                    v1::ListContestsResponse& response) {
  ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size(), kMaxContests));
  // The position is the last name of the page before.
  constexpr std::string_view kList = "ListContests";
  const auto& contests = view.state.contests();
  auto next = contests.begin();
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(const std::string last, OpenPageToken(kList, request.page_token()));
    next = contests.upper_bound(last);
  }
  for (; next != contests.end(); ++next) {
    if (response.contests_size() == page_size) {
      const std::string& last = response.contests(page_size - 1).contest();
      response.set_next_page_token(MakePageToken(kList, last));
      break;
    }
    SetContest(view, next->second, *response.add_contests());
  }
  return absl::OkStatus();
}

absl::Status Answer(const MirrorView& view, const v1::GetContestRequest& request,
                    v1::GetContestResponse& response) {
  ASSIGN_OR_RETURN(const replay::Contest* const contest, FindContest(view, request.contest()));
  SetContest(view, *contest, *response.mutable_contest());
  return absl::OkStatus();
}

absl::Status Answer(const MirrorView& view, BoardPages& pages, const v1::GetBoardRequest& request,
                    v1::GetBoardResponse& response) {
  ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size(), kMaxRows));
  ASSIGN_OR_RETURN(const replay::Contest* const contest, FindContest(view, request.contest()));
  const std::string list = absl::StrFormat("GetBoard %s", request.contest());
  BoardPosition position{.ledger_size = view.size()};
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(position, ParseBoardPosition(list, request.page_token()));
  }
  BoardPages::Rows rows = pages.Find(request.contest(), position.ledger_size);
  if (rows == nullptr && position.ledger_size != view.size()) {
    return Refuse(Reason::kPageExpired, absl::StatusCode::kAborted,
                  absl::StrFormat("the board after %d entries is not kept any more: begin at the "
                                  "first page",
                                  position.ledger_size));
  }
  if (rows == nullptr) {
    rows = std::make_shared<const std::vector<replay::BoardRow>>(replay::MakeBoard(*contest));
  }
  const auto count = static_cast<int64_t>(rows->size());
  const int64_t end = std::min(count, position.row + page_size);
  for (int64_t row = position.row; row < end; ++row) {
    SetRow((*rows)[static_cast<size_t>(row)], *response.add_rows());
  }
  response.set_ledger_size(position.ledger_size);
  if (end < count) {
    pages.Keep(request.contest(), position.ledger_size, rows);
    response.set_next_page_token(
        MakePageToken(list, absl::StrFormat("%d %d", position.ledger_size, end)));
  }
  return absl::OkStatus();
}

absl::Status Answer(const MirrorView& view, const v1::GetCheckpointRequest&,
                    v1::GetCheckpointResponse& response) {
  if (view.checkpoint.empty()) {
    return Refuse(Reason::kNoLedger, absl::StatusCode::kUnavailable,
                  "this server has not received the ledger yet: try again after the next exchange");
  }
  response.set_checkpoint(view.checkpoint);
  return absl::OkStatus();
}

absl::Status Answer(const MirrorView& view, const v1::ListEntriesRequest& request,
                    v1::ListEntriesResponse& response) {
  ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size(), kMaxEntries));
  if (request.start() < 0) return BadRequest("start is negative: entries are numbered from 0");
  if (request.start() > view.size()) {
    return OutOfRange(absl::StrFormat("the ledger has %d entries here; start is %d", view.size(),
                                      request.start()));
  }
  const std::string list = absl::StrFormat("ListEntries %d", request.start());
  int64_t index = request.start();
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, OpenPageToken(list, request.page_token()));
    const auto parsed = ParseIntegerIn(position, request.start(), view.size());
    if (!parsed.ok()) return BadPageToken();
    index = *parsed;
  }
  // Long entries are few, but a page of them would be more than a client takes in one message.
  constexpr size_t kPageBytes = size_t{512} << 10;
  size_t bytes = 0;
  const int64_t end = std::min(view.size(), index + page_size);
  for (; index < end && bytes < kPageBytes; ++index) {
    SetEntry(view, index, *response.add_entries());
    bytes += view.entries[static_cast<size_t>(index)].size();
  }
  response.set_ledger_size(view.size());
  if (index < view.size()) {
    response.set_next_page_token(MakePageToken(list, absl::StrFormat("%d", index)));
  }
  return absl::OkStatus();
}

absl::Status Answer(const MirrorView& view, const v1::GetInclusionProofRequest& request,
                    v1::GetInclusionProofResponse& response) {
  ASSIGN_OR_RETURN(const int64_t size, ProofSize(view, request.size()));
  if (request.index() < 0 || request.index() >= size) {
    return OutOfRange(absl::StrFormat("entry %d is not among the first %d", request.index(), size));
  }
  return SetProof(
      view.tree.InclusionProof(static_cast<uint64_t>(request.index()), static_cast<uint64_t>(size)),
      size, response);
}

absl::Status Answer(const MirrorView& view, const v1::GetConsistencyProofRequest& request,
                    v1::GetConsistencyProofResponse& response) {
  ASSIGN_OR_RETURN(const int64_t size, ProofSize(view, request.size()));
  if (request.old_size() < 0 || request.old_size() > size) {
    return OutOfRange(
        absl::StrFormat("old_size is %d; it must be 0 to %d", request.old_size(), size));
  }
  return SetProof(view.tree.ConsistencyProof(static_cast<uint64_t>(request.old_size()),
                                             static_cast<uint64_t>(size)),
                  size, response);
}

}  // namespace pinhole::front
