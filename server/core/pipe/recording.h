// What a vault said to a front, byte for byte, against the ledger: every frame must be one that the
// ledger gives, or something else left the vault (CHANNEL.md section 5.3, "One exit").
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/base/sha256.h"
#include "server/core/note/signed_note.h"

namespace pinhole::pipe {

struct RecordingFacts {
  int64_t frames = 0;
  int64_t exchanges = 0;  // that were opened
  int64_t entries = 0;    // handed over, each time anew
  int64_t heads = 0;
};

// The whole ledger, which was audited, wherever it is kept. It is read once from its first entry
// on, and then as the recording asks, mostly in order again.
class RecordedLedger {
 public:
  virtual ~RecordedLedger() = default;
  virtual int64_t size() const = 0;
  // One below size(), valid until the next call.
  virtual absl::StatusOr<std::string_view> Entry(int64_t index) = 0;
  // The root of a complete subtree of its leaves (core/log/merkle.h).
  virtual absl::StatusOr<Digest> Node(int level, uint64_t index) = 0;
};

// The next bytes of a recording, any number of them; none at its end.
using RecordingSource = std::function<absl::StatusOr<std::string_view>()>;

// `next` gives one connection from its first byte on, the direction to the front; it may end within
// an exchange, or within a frame, as connections do. Content alone is judged: times are not in a
// recording. Remembers about a hundred bytes of each head, and nothing of an entry.
//
// Errors: DATA_LOSS that names the first frame which the ledger does not give, from 0; INTERNAL
// when ledger or recording cannot be read, with their own texts.
absl::StatusOr<RecordingFacts> CheckRecording(const RecordingSource& next, RecordedLedger& ledger,
                                              const NoteVerifier& log);

}  // namespace pinhole::pipe
