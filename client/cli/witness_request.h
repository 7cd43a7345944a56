// What a witness is asked: a ledger's newest head, with proof that it follows an older one.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/material.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"

namespace pinhole::cli {

class ProvableHead {
 public:
  // Errors: DATA_LOSS when the head is not signed by the ledger's key, or is not that of the
  // entries.
  static absl::StatusOr<ProvableHead> Of(const Material& material);
  // Of a folder of static files that needs no entries. Errors: DATA_LOSS as above, and for files
  // that are malformed or missing.
  static absl::StatusOr<ProvableHead> OfHashes(const std::string& folder, const NoteVerifier& log);

  const Checkpoint& head() const { return head_; }
  const std::string& note() const { return note_; }

  // The request (FormatAddCheckpoint) for a witness that signed `old_size` entries last. Errors:
  // INVALID_ARGUMENT when that is more than there are.
  absl::StatusOr<std::string> RequestFrom(uint64_t old_size) const;

 private:
  static absl::StatusOr<ProvableHead> Check(std::string note, const NoteVerifier& log,
                                            MerkleTree tree);

  Checkpoint head_;
  std::string note_;
  MerkleTree tree_;
};

// Errors: as FindMaterial and the above.
absl::StatusOr<ProvableHead> FindHead(const CommandContext& context, const HeadOptions& options);

}  // namespace pinhole::cli
