// Answers of AuditService as functions of one view of the mirror.
#pragma once

#include "absl/status/status.h"
#include "pinhole/v1/audit_service.pb.h"
#include "server/front/board_pages.h"
#include "server/front/mirror.h"

namespace pinhole::front {

// Each fills `response`. Errors carry their Reason and are those of the service's comments.
absl::Status Answer(const MirrorView& view, const v1::ListContestsRequest& request,
                    v1::ListContestsResponse& response);
absl::Status Answer(const MirrorView& view, const v1::GetContestRequest& request,
                    v1::GetContestResponse& response);
// Keeps the board in `pages` when there is more of it than one page. Errors: ABORTED
// (PAGE_EXPIRED).
absl::Status Answer(const MirrorView& view, BoardPages& pages, const v1::GetBoardRequest& request,
                    v1::GetBoardResponse& response);
absl::Status Answer(const MirrorView& view, const v1::GetCheckpointRequest& request,
                    v1::GetCheckpointResponse& response);
absl::Status Answer(const MirrorView& view, const v1::ListEntriesRequest& request,
                    v1::ListEntriesResponse& response);
absl::Status Answer(const MirrorView& view, const v1::GetInclusionProofRequest& request,
                    v1::GetInclusionProofResponse& response);
absl::Status Answer(const MirrorView& view, const v1::GetConsistencyProofRequest& request,
                    v1::GetConsistencyProofResponse& response);

}  // namespace pinhole::front
