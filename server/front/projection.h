// What the waiting requests become if nothing changes: they are played, in order of arrival, on a
// copy of the ledger, by the functions that the vault admits with.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/core/log/entries.h"
#include "server/core/replay/ledger_state.h"
#include "server/front/store.h"

namespace pinhole::front {

// A value; not thread-safe.
class Projection {
 public:
  Projection() = default;
  explicit Projection(const replay::LedgerState& ledger) : after_(ledger) {}

  // Plays the next request. OK: it would be admitted. Errors: as replay::PlanJoin, PlanAdmit and
  // PlanChoice; the projection is unchanged.
  absl::Status Add(int64_t id, const pipe::Request& request);

  // The ledger as it will be, without its results, rounds and choices.
  const replay::LedgerState& after() const { return after_; }
  // Where a waiting submission stands in the queue; null for any other id.
  const log::AdmitEntry* Planned(int64_t id) const;

 private:
  replay::LedgerState after_;
  std::map<int64_t, log::AdmitEntry> planned_;
};

// The requests that a ledger leaves waiting, and what became of the others.
struct Sorted {
  Projection projection;
  std::vector<StoredRequest> waiting;
  std::vector<int64_t> admitted;
  std::vector<ExchangeRecord::Refusal> refused;
};
Sorted SortRequests(const replay::LedgerState& ledger, std::vector<StoredRequest> received);

// True when the ledger has the TEAM entry of this very join.
bool IsAdmitted(const replay::LedgerState& ledger, const pipe::JoinRequest& request);
// True when this very choice is the one that stands.
bool IsTaken(const replay::LedgerState& ledger, const pipe::ChooseRequest& request);

}  // namespace pinhole::front
