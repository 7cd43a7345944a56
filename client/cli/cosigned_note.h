// A signed checkpoint and the cosignatures that witnesses answered with. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/note/cosignature.h"
#include "server/core/note/signed_note.h"

namespace pinhole::cli {

struct CosignedNote {
  std::string note;
  std::vector<Cosignature> added;
};

// Adds to `note`, which `log` signed, the lines of `answer` that these witnesses made; each stands
// for what the same witness said before. Lines by others are left out. Errors: DATA_LOSS when the
// answer is no signature lines, one of a witness is wrong, or none is of these witnesses.
absl::StatusOr<CosignedNote> AddCosignatures(std::string_view note, std::string_view answer,
                                             const NoteVerifier& log,
                                             std::span<const WitnessVerifier> witnesses);

// "cosigned by w.example/a w.example/b"
std::string CosignedText(const CosignedNote& cosigned);

}  // namespace pinhole::cli
