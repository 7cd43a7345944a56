// A checkpoint: the ledger's size and root at one moment, signed, in C2SP's format
// (c2sp.org/tlog-checkpoint v1.0.0).
//
//   origin
//   size in decimal
//   base64(root)
//
// The origin names the ledger and is also the name of the key that signs. The format's optional
// further lines are refused: a line nobody counts is a way out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/base/sha256.h"
#include "server/core/note/signed_note.h"

namespace pinhole {

struct Checkpoint {
  std::string origin;
  uint64_t size = 0;  // entries
  Digest root{};

  bool operator==(const Checkpoint&) const = default;
};

// The three lines, unsigned.
std::string FormatCheckpoint(const Checkpoint& checkpoint);

// Reads exactly what FormatCheckpoint writes for an origin that is a key's name and a size below
// 2^63. Errors: INVALID_ARGUMENT.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);

// The signed note. Errors: INVALID_ARGUMENT unless the origin is the signer's name.
absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const NoteSigner& log);

// Reads a note that the ledger's key signed; other signatures may stand beside it. Errors: as
// OpenNote, and INVALID_ARGUMENT when its text is no checkpoint or has another origin than the
// key's name.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const NoteVerifier& log);

}  // namespace pinhole
