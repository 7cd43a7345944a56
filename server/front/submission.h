// What a team sees of its submission: a function of the mirror, the front's own tables and the
// projection, whether the vault lives or not.
#pragma once

#include <cstdint>
#include <string>

#include "server/core/log/entries.h"
#include "server/front/mirror.h"
#include "server/front/projection.h"
#include "server/front/store.h"

namespace pinhole::front {

// pinhole.v1.Submission as plain values.
struct SubmissionFacts {
  enum class State { kReceived = 1, kScheduled = 2, kReleased = 3, kRefused = 4 };
  log::RequestId request_id{};
  State state = State::kReceived;
  Digest program{};  // zeros when this front never had the request
  int64_t admit_index = -1;
  int64_t result_index = -1;
  int64_t result_round = 0;
  int64_t result_ms = 0;  // Unix milliseconds; 0 for a refused one
  std::string symbol;
  std::string refusal;
  std::string message;
};

// A submission that the front received; `stored.request` must be a SubmitRequest.
SubmissionFacts Describe(const MirrorView& mirror, const Projection& projection,
                         const StoredRequest& stored);

// A submission that only the ledger knows: this front lost its tables or is new.
SubmissionFacts Describe(const MirrorView& mirror, const replay::Contest& contest,
                         const replay::Admission& admission);

}  // namespace pinhole::front
