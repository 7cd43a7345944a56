// What a contestant keeps of an entry: a text that proves, without a network, that the entry is in
// the ledger (c2sp.org/tlog-proof).
//
//   c2sp.org/tlog-proof@v1
//   extra base64(the entry itself)
//   index <number, from 0>
//   base64(hash), one a line, nearest to the leaf first
//
//   the signed checkpoint
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/note/signed_note.h"

namespace pinhole {

struct TlogProof {
  std::string extra;  // nothing signs it; ours hold the entry, so that one file says it all
  uint64_t index = 0;
  MerkleProof hashes;
  std::string checkpoint;  // the signed note, unverified
  bool operator==(const TlogProof&) const = default;
};

std::string FormatTlogProof(const TlogProof& proof);

// Reads what FormatTlogProof writes. Errors: INVALID_ARGUMENT that says which line.
absl::StatusOr<TlogProof> ParseTlogProof(std::string_view text);

// The checkpoint, once `entry` is shown to be number `proof.index` of the ledger that it heads.
// Errors: as OpenCheckpoint and VerifyInclusion.
absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, std::string_view entry,
                                           const NoteVerifier& log);

}  // namespace pinhole
