// What the operator's commands ask the serving vault to append: it is the ledger's only writer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/database.h"
#include "server/storage/transaction.h"

namespace pinhole::vault {

enum class ProposalKind { kDataset, kPolicy, kAct };
enum class ProposalState { kWaiting, kAppended, kRefused };

struct Proposal {
  int64_t id = 0;
  ProposalKind kind = ProposalKind::kDataset;
  std::string contest;  // "-" for a data set
  std::string entry;    // the signed entry's bytes; of an act without its round and charge
  ProposalState state = ProposalState::kWaiting;
  std::string reason;  // why it was refused
};

class Proposals {
 public:
  explicit Proposals(storage::Database& database) : database_(&database) {}

  // Commits a new proposal; returns its id.
  absl::StatusOr<int64_t> Add(ProposalKind kind, std::string_view contest, std::string_view entry);
  // Those that wait, oldest first.
  absl::StatusOr<std::vector<Proposal>> Waiting();
  absl::StatusOr<Proposal> Find(int64_t id);
  // The newest data set proposal that was not refused: what `contest plan` counts against.
  // NOT_FOUND when there is none.
  absl::StatusOr<Proposal> LatestDataset();
  // Takes back a proposal that still waits; one that was settled meanwhile stays as it is.
  absl::Status Withdraw(int64_t id);
  absl::Status Settle(storage::Transaction& transaction, int64_t id, ProposalState state,
                      std::string_view reason);

 private:
  storage::Database* database_;
};

}  // namespace pinhole::vault
