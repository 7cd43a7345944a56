#include "server/front/submission.h"

#include "server/core/base/sha256.h"
#include "server/core/replay/requests_check.h"

namespace pinhole::front {

SubmissionFacts Describe(const MirrorView& mirror, const replay::Contest& contest,
                         const replay::Admission& admission) {
  SubmissionFacts facts{.request_id = admission.entry.request_id,
                        .state = SubmissionFacts::State::kScheduled,
                        .admit_index = admission.index,
                        .result_round = admission.entry.result_round};
  facts.result_ms = mirror.ExchangeMs(contest, facts.result_round);
  if (admission.result.has_value()) {
    facts.state = SubmissionFacts::State::kReleased;
    facts.result_index = admission.result_index;
    facts.symbol = admission.result->text;
  }
  return facts;
}

SubmissionFacts Describe(const MirrorView& mirror, const Projection& projection,
                         const StoredRequest& stored) {
  const auto& request = std::get<pipe::SubmitRequest>(stored.request);
  SubmissionFacts facts{.request_id = request.request_id};
  const replay::Contest* const contest = mirror.state.Find(request.contest);
  const replay::Admission* const admission = replay::FindRequest(mirror.state, request);
  // What the ledger has goes before what this front thought of it.
  const bool admitted =
      admission != nullptr && admission->entry.request == Sha256(ByteView(request.signature));
  if (admitted) {
    facts = Describe(mirror, *contest, *admission);
  } else if (stored.state == RequestState::kRefused) {
    facts.state = SubmissionFacts::State::kRefused;
    facts.refusal = stored.refusal;
  } else if (const log::AdmitEntry* planned = projection.Planned(stored.id);
             planned != nullptr && contest != nullptr) {
    facts.result_round = planned->result_round;
    facts.result_ms = mirror.ExchangeMs(*contest, planned->result_round);
  }
  facts.program = request.program;
  facts.message = stored.message;
  return facts;
}

}  // namespace pinhole::front
