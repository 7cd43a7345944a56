// What a vault said to a front, byte for byte, against the ledger: every frame must be one that the
// ledger gives, or something else left the vault (CHANNEL.md section 5.3, "One exit").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/note/signed_note.h"

namespace pinhole::pipe {

struct RecordingFacts {
  int64_t frames = 0;
  int64_t exchanges = 0;  // that were opened
  int64_t entries = 0;    // handed over, each time anew
  int64_t heads = 0;
};

// `bytes` is one connection from its first byte on, the direction to the front; it may end within
// an exchange, or within a frame, as connections do. `entries` is the whole ledger, which was
// audited. Content alone is judged: times are not in a recording.
//
// Errors: DATA_LOSS that names the first frame which the ledger does not give, from 0.
absl::StatusOr<RecordingFacts> CheckRecording(std::string_view bytes,
                                              std::span<const std::string> entries,
                                              const NoteVerifier& log);

}  // namespace pinhole::pipe
