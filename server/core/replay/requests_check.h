// Whether a request would be admitted: a function of the public ledger and the request alone, so
// that front and vault give the same answer and no refusal can depend on a private row (CHANNEL.md
// invariant 5).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "server/core/log/entries.h"
#include "server/core/pipe/requests.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::replay {

// The TEAM entry that admitting the join in the exchange of the next round appends.
// Errors (all tell what to do): NOT_FOUND no such contest; FAILED_PRECONDITION closed;
// PERMISSION_DENIED invitation not signed by the organizer; ALREADY_EXISTS invitation, name or key
// used; RESOURCE_EXHAUSTED no place left.
absl::StatusOr<log::TeamEntry> PlanJoin(const LedgerState& state, const pipe::JoinRequest& request);

// The ADMIT entry that admitting the submission next would append. `commitment` is SHA-256(nonce ‖
// program). Errors: NOT_FOUND no such contest or team; FAILED_PRECONDITION closed, another policy,
// or no round left to run in; ALREADY_EXISTS the request id was used (see FindRequest first);
// RESOURCE_EXHAUSTED no try left (or none of these 24 h) or too many waiting; INVALID_ARGUMENT
// program too large or show_below outside the scale.
absl::StatusOr<log::AdmitEntry> PlanAdmit(const LedgerState& state,
                                          const pipe::SubmitRequest& request,
                                          const Digest& commitment);

// The CHOICE entry that taking the choice in the exchange of the next round appends. A contest that
// is closing still takes one, as long as its rounds go on.
// Errors: NOT_FOUND no such contest or team; FAILED_PRECONDITION over, without a final board,
// disqualified, made for another state of the ledger, or a submission that cannot be chosen;
// ALREADY_EXISTS this is the choice that stands, or another waits for the same exchange.
absl::StatusOr<log::ChoiceEntry> PlanChoice(const LedgerState& state,
                                            const pipe::ChooseRequest& request);

// The admission that a request with this id already became, or null. Of a state that keeps
// everything.
const Admission* FindRequest(const LedgerState& state, const pipe::SubmitRequest& request);

// SHA-256(nonce ‖ program) as the bytes come.
class ProgramCommitment {
 public:
  explicit ProgramCommitment(const log::Nonce& nonce) { hasher_.Update(nonce); }
  void Update(ByteView bytes) { hasher_.Update(bytes); }
  Digest Finish() { return hasher_.Finish(); }

 private:
  Sha256Hasher hasher_;
};

}  // namespace pinhole::replay
