#include "client/cli/witness_request.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/witness.h"
#include "server/publish/static_ledger.h"

namespace pinhole::cli {

absl::StatusOr<ProvableHead> ProvableHead::Check(std::string note, const NoteVerifier& log,
                                                 MerkleTree tree) {
  ProvableHead result;
  absl::StatusOr<Checkpoint> head = OpenCheckpoint(note, log);
  if (!head.ok()) return absl::DataLossError(head.status().message());
  if (tree.size() != head->size || tree.Root() != head->root) {
    return absl::DataLossError(
        "the entries are not those under the signed head: no witness is asked about it");
  }
  result.head_ = *std::move(head);
  result.note_ = std::move(note);
  result.tree_ = std::move(tree);
  return result;
}

absl::StatusOr<ProvableHead> ProvableHead::Of(const Material& material) {
  MerkleTree tree;
  RETURN_IF_ERROR(ForEachEntry(*material.entries, [&](std::string_view entry) {
    tree.Append(LeafHash(entry));
    return absl::OkStatus();
  }));
  return Check(material.checkpoint, material.log, std::move(tree));
}

absl::StatusOr<ProvableHead> ProvableHead::OfHashes(const std::string& folder,
                                                    const NoteVerifier& log) {
  absl::StatusOr<publish::StaticHashes> hashes = publish::ReadStaticHashes(folder, log);
  if (!hashes.ok()) {
    return absl::DataLossError(absl::StrFormat("%s: %s", folder, hashes.status().message()));
  }
  MerkleTree tree;
  for (const Digest& leaf : hashes->leaves) tree.Append(leaf);
  return Check(std::move(hashes->checkpoint), log, std::move(tree));
}

absl::StatusOr<ProvableHead> FindHead(const CommandContext& context, const HeadOptions& options) {
  if (options.hashes.empty()) {
    ASSIGN_OR_RETURN(const Material material, FindMaterial(context, options.source));
    return ProvableHead::Of(material);
  }
  ASSIGN_OR_RETURN(const NoteVerifier log,
                   LogKey(context, options.source.key, options.source.server));
  return ProvableHead::OfHashes(options.hashes, log);
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
