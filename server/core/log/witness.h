// What a witness does with a head that it is shown (c2sp.org/tlog-witness v1.0.0): it signs only
// what follows from the head that it signed last, so that a ledger cannot have two futures, nor go
// back.
//
//   old <size>
//   base64(hash), one a line: the consistency proof (RFC 6962 section 2.1.2), at most 63
//
//   the signed checkpoint
//
// Everything here is pure; who keeps the state keeps it before the answer leaves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/note/cosignature.h"

namespace pinhole {

struct AddCheckpoint {
  uint64_t old_size = 0;
  MerkleProof proof;
  std::string checkpoint;  // the signed note, unverified
  bool operator==(const AddCheckpoint&) const = default;
};

std::string FormatAddCheckpoint(const AddCheckpoint& request);
// Errors: INVALID_ARGUMENT that says which line.
absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(std::string_view text);

// The head of one ledger that a witness signed last; that of an empty ledger before the first.
struct WitnessedHead {
  uint64_t size = 0;
  Digest root = EmptyRoot();
  bool operator==(const WitnessedHead&) const = default;
};

std::string FormatWitnessedHead(const WitnessedHead& head);
absl::StatusOr<WitnessedHead> ParseWitnessedHead(std::string_view text);

// The answers of the protocol; their numbers are HTTP's.
enum class WitnessVerdict {
  kCosign = 200,
  kMalformed = 400,      // no request of this format, or its old size is above the new one
  kBadSignature = 403,   // not signed by the ledger's key
  kUnknownLedger = 404,  // another origin
  kConflict = 409,       // not from the head that was signed last, or another root of that size
  kInconsistent = 422,   // the proof does not hold
};

struct WitnessDecision {
  WitnessVerdict verdict = WitnessVerdict::kMalformed;
  Checkpoint head;     // of kCosign: sign it, after its size and root are kept
  std::string reason;  // for a person; empty when kCosign
  // Of kConflict over the old size: the size to ask from. None when the ledger has two heads.
  std::optional<uint64_t> last_size;
};

// Judges a request about the ledger of `log`, of which `last` was signed last.
WitnessDecision JudgeCheckpoint(std::string_view request, const NoteVerifier& log,
                                const WitnessedHead& last);

}  // namespace pinhole
