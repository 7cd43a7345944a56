#include "client/cli/witness_request.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/witness.h"

namespace pinhole::cli {

absl::StatusOr<ProvableHead> ProvableHead::Of(const Material& material) {
  ProvableHead result;
  result.note_ = material.checkpoint;
  absl::StatusOr<Checkpoint> head = OpenCheckpoint(result.note_, material.log);
  if (!head.ok()) return absl::DataLossError(head.status().message());
  result.head_ = *std::move(head);
  RETURN_IF_ERROR(ForEachEntry(*material.entries, [&](std::string_view entry) {
    result.tree_.Append(LeafHash(entry));
    return absl::OkStatus();
  }));
  if (result.tree_.size() != result.head_.size || result.tree_.Root() != result.head_.root) {
    return absl::DataLossError(
        "the entries are not those under the signed head: no witness is asked about it");
  }
  return result;
}

absl::StatusOr<std::string> ProvableHead::RequestFrom(uint64_t old_size) const {
  if (old_size > head_.size) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the witness has signed %d entries, and this head has %d: bring the ledger "
                        "up to date first",
                        old_size, head_.size));
  }
  AddCheckpoint request{.old_size = old_size, .proof = {}, .checkpoint = note_};
  ASSIGN_OR_RETURN(request.proof, tree_.ConsistencyProof(old_size, head_.size));
  return FormatAddCheckpoint(request);
}

}  // namespace pinhole::cli
